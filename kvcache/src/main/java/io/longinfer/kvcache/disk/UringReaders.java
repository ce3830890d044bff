package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.pipeline.Throttle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Reads through io_uring with one thread, which hands over many operations at once, and verifies and delivers what came together
 * with whoever waits for it. While it sleeps in the kernel, a counter that is read through the same ring wakes it for new work.
 * Ends when the queue refuses work; {@link #join} waits for that.
 */
final class UringReaders implements DiskIo.Readers {
    /** Requests beside the reads: the counter, and timeouts whose results were not yet taken. */
    private static final int OTHER_REQUESTS = 8;

    private static final int MOST_TIMEOUTS = 4;

    /** Deliveries after which freed places are used again, so that the disk does not run dry during a long row of them. */
    private static final int DELIVERIES = 16;

    /** Results to wait for at once while many reads are under way: fewer trips through the scheduler. */
    private static final int MOST_AWAITED = 8;

    private static final long SIGNAL = -1;
    private static final long TIMEOUT = -2;

    private final ReadQueue queue;
    private final Throttle throttle;
    private final CompletableFuture<Uring> setUp = new CompletableFuture<>();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment signalled = arena.allocate(8, 8);
    private final MemorySegment one = arena.allocate(8, 8);
    private final int signal;
    private final Thread thread;
    private boolean failed;

    // The thread's own.
    private final boolean[] underWay;
    private int underWayCount;
    private final int[] ready;
    private int readyCount;
    private final int[] held;
    private int heldCount;
    private int timeouts;
    private long nextTimeout;

    private UringReaders(ReadQueue queue, int depth, Throttle throttle) throws IOException {
        this.queue = queue;
        this.throttle = throttle;
        underWay = new boolean[depth];
        ready = new int[depth];
        held = new int[depth];
        one.set(ValueLayout.JAVA_LONG, 0, 1);
        signal = LinuxCalls.eventfd();
        thread = Thread.ofPlatform().daemon().name("longinfer-kv-uring").start(this::run);
    }

    /**
     * Starts the thread.
     *
     * @throws IOException if io_uring cannot be used here, with the reason
     */
    static UringReaders start(ReadQueue queue, int depth, Throttle throttle) throws IOException {
        if (!LinuxCalls.available()) {
            throw new IOException("io_uring is used on Linux on x86-64 and aarch64, not on "
                    + System.getProperty("os.name") + " on " + System.getProperty("os.arch"));
        }
        UringReaders readers = new UringReaders(queue, depth, throttle);
        try {
            readers.setUp.join();
        } catch (CompletionException e) {
            readers.join();
            throw new IOException(e.getCause().getMessage(), e.getCause());
        }
        queue.wakeWith(readers::wake);
        return readers;
    }

    private void wake() {
        try {
            LinuxCalls.signal(signal, one.address());
        } catch (IOException e) {
            throw new IllegalStateException("the disk's reader cannot be woken", e);
        }
    }

    private void run() {
        Uring ring;
        try {
            ring = new Uring(underWay.length + OTHER_REQUESTS); // by the thread that will use it
        } catch (IOException e) {
            setUp.completeExceptionally(e);
            return;
        }
        setUp.complete(ring);
        try (ring) {
            serve(ring);
        } catch (IOException | RuntimeException | Error e) {
            failed = true;
            giveUp(new IllegalStateException("io_uring failed under the disk tier", e));
        }
    }

    private void serve(Uring ring) throws IOException {
        awaitSignal(ring);
        while (true) {
            releaseDue();
            fill(ring);
            if (queue.ended()) {
                return;
            }
            if (heldCount > 0) {
                armTimeout(ring);
            }
            if (ring.prepared() || !(ring.ready() || queue.anyArrived())) {
                ring.enter(resultsToAwait());
            }
            reap(ring);
            for (int i = 0; i < DELIVERIES && queue.deliverNext(true); i++) {}
        }
    }

    private int resultsToAwait() {
        if (queue.anyArrived()) {
            return 0;
        }
        return heldCount > 0 ? 1 : Math.clamp(underWayCount / 4, 1, MOST_AWAITED);
    }

    private void awaitSignal(Uring ring) {
        ring.read(signal, signalled.address(), Long.BYTES, 0, SIGNAL);
    }

    private void fill(Uring ring) {
        int index;
        while ((index = queue.take()) != ReadQueue.NONE) {
            ReadOperation operation = queue.operation(index);
            underWay[index] = true;
            underWayCount++;
            ring.read(operation.file().descriptor(), operation.address(), operation.bytes(), operation.at(), index);
        }
    }

    private void reap(Uring ring) {
        while (ring.ready()) {
            long tag = ring.tag();
            int result = ring.result();
            ring.next();
            if (tag == SIGNAL) {
                awaitSignal(ring);
            } else if (tag == TIMEOUT) {
                timeouts--;
            } else {
                arrived((int) tag, result);
            }
        }
        handOver();
    }

    private void arrived(int index, int result) {
        ReadOperation operation = queue.operation(index);
        underWayCount--;
        if (result != operation.bytes()) {
            // Cut short, or failed: the plain call reads the rest, or says what is wrong.
            Optional<RuntimeException> error = operation.read(Math.max(0, result));
            if (error.isPresent()) {
                underWay[index] = false;
                queue.finish(index, error, true);
                return;
            }
        }
        if (throttle.limited() && operation.due() - System.nanoTime() > 0) {
            held[heldCount++] = index;
        } else {
            ready[readyCount++] = index;
        }
    }

    private void handOver() {
        for (int i = 0; i < readyCount; i++) {
            underWay[ready[i]] = false;
        }
        if (readyCount > 0) {
            queue.arrived(ready, readyCount);
            readyCount = 0;
        }
    }

    /** Hands over what a slower disk would have read by now. */
    private void releaseDue() {
        int kept = 0;
        for (int i = 0; i < heldCount; i++) {
            int index = held[i];
            if (queue.operation(index).due() - System.nanoTime() > 0) {
                held[kept++] = index;
            } else {
                ready[readyCount++] = index;
            }
        }
        heldCount = kept;
        handOver();
    }

    /** Sees to it that the thread is awake when the first of the held operations is due. */
    private void armTimeout(Uring ring) {
        long first = queue.operation(held[0]).due();
        for (int i = 1; i < heldCount; i++) {
            long due = queue.operation(held[i]).due();
            first = due - first < 0 ? due : first;
        }
        if (timeouts == 0 || (first - nextTimeout < 0 && timeouts < MOST_TIMEOUTS)) {
            nextTimeout = first;
            timeouts++;
            ring.timeout(Math.max(1, first - System.nanoTime()), TIMEOUT);
        }
    }

    /** The kernel may still write: the buffer must stay. */
    private void giveUp(RuntimeException error) {
        queue.refuse(error);
        for (int i = 0; i < underWay.length; i++) {
            if (underWay[i]) {
                queue.finish(i, Optional.of(error), true);
            }
        }
        while (queue.deliverNext(true)) {}
    }

    @Override
    public boolean join() {
        Threads.join(thread);
        if (!failed) {
            try {
                LinuxCalls.close(signal);
            } catch (IOException e) {
                throw new IllegalStateException("the disk's reader does not close cleanly", e);
            } finally {
                arena.close();
            }
        }
        return !failed;
    }
}
