package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.pipeline.Throttle;
import java.util.Optional;

/** Reads with a thread for each operation in flight. Ends when the queue refuses work; {@link #join} waits for that. */
final class ThreadReaders implements DiskIo.Readers {
    private final ReadQueue queue;
    private final Throttle throttle;
    private final Thread[] threads;

    /** Starts the threads. */
    ThreadReaders(ReadQueue queue, int depth, Throttle throttle) {
        this.queue = queue;
        this.throttle = throttle;
        threads = new Thread[depth];
        for (int i = 0; i < depth; i++) {
            threads[i] = Thread.ofPlatform()
                    .daemon()
                    .name("longinfer-kv-reader-" + i)
                    .start(this::run);
        }
    }

    private void run() {
        int index;
        while ((index = queue.takeOrWait()) != ReadQueue.NONE) {
            ReadOperation operation = queue.operation(index);
            Optional<RuntimeException> error = operation.read(0);
            throttle.await(operation.due());
            queue.finish(index, error.isPresent() ? error : operation.deliver(), true);
        }
    }

    @Override
    public boolean join() {
        for (Thread thread : threads) {
            Threads.join(thread);
        }
        return true;
    }
}
