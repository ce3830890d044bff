package io.longinfer.kvcache.disk;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Threads that read batches of blocks, so that several requests are in flight: one 4 KiB read at a time would leave any disk
 * idle. Each has an aligned buffer of its own, verifies what it read and hands it over.
 *
 * <p>One thread submits and awaits; up to {@link #BATCHES} batches may be under way. Close it after awaiting them.
 */
final class DiskReaders implements AutoCloseable {
    /** A wave being attended and the next one being read. */
    static final int BATCHES = 2;

    private final BlockFile file;
    private final DiskGeometry geometry;
    private final BlockChecksums checksums;
    private final DiskCounters counters;
    private final int runBlocks;
    private final Thread[] threads;

    // Guarded by this.
    private final ReadBatch[] queue = new ReadBatch[BATCHES];
    private int queued;
    private boolean closed;

    /**
     * Starts the threads.
     *
     * @param buffers aligned memory of {@code threads * runBlocks} strides, owned by the caller
     * @param runBlocks most neighbouring blocks that one operation reads
     */
    DiskReaders(
            BlockFile file,
            BlockChecksums checksums,
            DiskCounters counters,
            MemorySegment buffers,
            int threads,
            int runBlocks) {
        this.file = file;
        this.geometry = file.geometry();
        this.checksums = checksums;
        this.counters = counters;
        this.runBlocks = runBlocks;
        this.threads = new Thread[threads];
        long bytes = (long) runBlocks * geometry.strideBytes();
        for (int i = 0; i < threads; i++) {
            MemorySegment buffer = buffers.asSlice(i * bytes, bytes);
            this.threads[i] = Thread.ofPlatform()
                    .daemon()
                    .name("longinfer-kv-reader-" + i)
                    .start(() -> run(buffer));
        }
    }

    /** Starts reading a batch, which must not be touched until {@link #await} returns. */
    synchronized void submit(ReadBatch batch) {
        if (batch.size() == 0) {
            return;
        }
        queue[queued++] = batch;
        notifyAll();
    }

    /** Waits for a batch; throws what went wrong with it. An interrupt is kept for later: the threads still write. */
    void await(ReadBatch batch) {
        boolean interrupted = false;
        synchronized (this) {
            if (!batch.complete()) {
                long start = System.nanoTime();
                while (!batch.complete()) {
                    interrupted |= pause();
                }
                counters.readStallNanos += System.nanoTime() - start;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (batch.failure() != null) {
            throw batch.failure();
        }
    }

    /** Returns whether it was interrupted. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private boolean pause() {
        try {
            wait();
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    private void run(MemorySegment buffer) {
        ByteBuffer view = buffer.asByteBuffer();
        CRC32C crc = new CRC32C();
        ReadBatch batch = null;
        int count = 0;
        RuntimeException error = null;
        while (true) {
            int first;
            synchronized (this) {
                if (batch != null) {
                    finish(batch, count, error);
                }
                while (queued == 0 && !closed) {
                    pause(); // nobody interrupts this thread
                }
                if (closed) {
                    return;
                }
                batch = queue[0];
                count = batch.takeRun(runBlocks);
                first = batch.taken() - count;
                if (batch.allTaken()) {
                    dequeue(batch);
                }
            }
            error = read(batch, first, count, buffer, view, crc);
        }
    }

    private void finish(ReadBatch batch, int count, RuntimeException error) {
        batch.finish(count, error);
        if (batch.allTaken()) {
            dequeue(batch);
        }
        if (batch.complete()) {
            notifyAll();
        }
    }

    private void dequeue(ReadBatch batch) {
        for (int i = 0; i < queued; i++) {
            if (queue[i] == batch) {
                System.arraycopy(queue, i + 1, queue, i, --queued - i);
                queue[queued] = null;
                return;
            }
        }
    }

    /** Reads one run and hands it over; what goes wrong belongs to the batch, not to this thread. */
    private RuntimeException read(
            ReadBatch batch, int first, int count, MemorySegment buffer, ByteBuffer view, CRC32C crc) {
        try {
            int stride = geometry.strideBytes();
            view.limit(count * stride).position(0);
            file.readBlocks(batch.block(first), view);
            counters.read((long) count * stride);
            for (int i = 0; i < count; i++) {
                checksums.verify(batch.block(first + i), crc, view, i * stride, file.path());
                batch.deliver(first + i, buffer, (long) i * stride);
            }
            return null;
        } catch (RuntimeException e) {
            return e;
        } catch (Error e) {
            return new IllegalStateException("a reader of the disk tier failed", e);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        for (Thread thread : threads) {
            Threads.join(thread);
        }
    }
}
