package io.longinfer.kvcache.disk;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Writes blocks in the background: the caller's block is copied into a ring and written from there, neighbours in one
 * operation. The caller waits only when the ring is full. A failed write is thrown at the next call of any method.
 *
 * <p>One thread appends; any thread may wait for a block. Closing drops what is not yet written.
 */
final class DiskWriter implements AutoCloseable {
    /** A run longer than this gains nothing and holds the ring. */
    private static final int LONGEST_RUN = 64;

    private static final byte UNKNOWN = 0;
    private static final byte PENDING = 1;
    private static final byte WRITTEN = 2;

    private final BlockFile file;
    private final DiskGeometry geometry;
    private final BlockChecksums checksums;
    private final DiskCounters counters;
    private final MemorySegment ring;
    private final int[] blocks;
    private final Thread thread;

    // Guarded by this.
    private final byte[] states;
    private long appended;
    private long written;
    private boolean closed;
    private RuntimeException failure;

    /**
     * Starts the thread.
     *
     * @param ring aligned memory of {@code ringBlocks} strides, zeroed, owned by the caller
     */
    DiskWriter(BlockFile file, BlockChecksums checksums, DiskCounters counters, MemorySegment ring, int ringBlocks) {
        this.file = file;
        this.geometry = file.geometry();
        this.checksums = checksums;
        this.counters = counters;
        this.ring = ring;
        blocks = new int[ringBlocks];
        states = new byte[geometry.blocks()];
        thread = Thread.ofPlatform().daemon().name("longinfer-kv-writer").start(this::run);
    }

    /** Whether a block was appended before. */
    synchronized boolean known(int block) {
        return states[block] != UNKNOWN;
    }

    /** Copies a block into the ring, waiting for room if there is none. */
    synchronized void append(int block, MemorySegment source, long offset) {
        check();
        if (appended - written == blocks.length) {
            long start = System.nanoTime();
            while (appended - written == blocks.length && failure == null) {
                pause();
            }
            counters.writeStallNanos += System.nanoTime() - start;
            check();
        }
        int place = (int) (appended % blocks.length);
        MemorySegment.copy(source, offset, ring, (long) place * geometry.strideBytes(), geometry.blockBytes());
        blocks[place] = block;
        states[block] = PENDING;
        appended++;
        notifyAll();
    }

    /** Waits until every block of a batch can be read. */
    synchronized void awaitWritten(ReadBatch batch) {
        check();
        for (int i = 0; i < batch.size(); i++) {
            int block = batch.block(i);
            if (states[block] == UNKNOWN) {
                throw new IllegalArgumentException(geometry.describe(block) + " was never written");
            }
            if (states[block] == PENDING) {
                long start = System.nanoTime();
                while (states[block] == PENDING && failure == null) {
                    pause();
                }
                counters.readStallNanos += System.nanoTime() - start;
                check();
            }
        }
    }

    /** Waits until all is written. */
    synchronized void drain() {
        while (written < appended && failure == null) {
            pause();
        }
        check();
    }

    /** Forgets what was written, after {@link #drain}. */
    synchronized void reset() {
        Arrays.fill(states, UNKNOWN);
    }

    /** Throws what went wrong in the background. */
    synchronized void check() {
        if (failure != null) {
            throw failure;
        }
        if (closed) {
            throw new IllegalStateException("the disk tier is closed");
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private void pause() {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the disk", e);
        }
    }

    private void run() {
        ByteBuffer view = ring.asByteBuffer();
        CRC32C crc = new CRC32C();
        int count = 0;
        while (true) {
            int place;
            synchronized (this) {
                settle(count);
                while (written == appended && !closed) {
                    pause();
                }
                if (closed) {
                    return;
                }
                place = (int) (written % blocks.length);
                count = runLength(place);
            }
            try {
                write(view, crc, place, count);
            } catch (RuntimeException e) {
                synchronized (this) {
                    failure = e;
                    notifyAll();
                }
                return;
            }
        }
    }

    /** Marks the last run as written. */
    private void settle(int count) {
        for (int i = 0; i < count; i++) {
            states[blocks[(int) (written++ % blocks.length)]] = WRITTEN;
        }
        notifyAll();
    }

    /** Blocks that follow each other both in the ring and in the file. */
    private int runLength(int place) {
        int most = (int) Math.min(LONGEST_RUN, Math.min(appended - written, blocks.length - place));
        int count = 1;
        while (count < most && blocks[place + count] == blocks[place + count - 1] + 1) {
            count++;
        }
        return count;
    }

    private void write(ByteBuffer view, CRC32C crc, int place, int count) {
        int stride = geometry.strideBytes();
        for (int i = 0; i < count; i++) {
            checksums.note(blocks[place + i], crc, view, (place + i) * stride);
        }
        view.limit((place + count) * stride).position(place * stride);
        file.writeBlocks(blocks[place], view);
        counters.wrote((long) count * stride);
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        Threads.join(thread);
    }
}
