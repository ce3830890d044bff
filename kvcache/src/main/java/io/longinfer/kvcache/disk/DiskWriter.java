package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.pipeline.Throttle;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Writes records in the background: the caller's record is copied into a ring and written from there, neighbours in one
 * operation. The caller waits only when the ring is full. A failed write is thrown at the next call of any method.
 *
 * <p>One thread appends; any thread may wait for a block. Closing drops what is not yet written.
 */
final class DiskWriter implements AutoCloseable {
    /** A run longer than this gains nothing and holds the ring. */
    private static final int LONGEST_RUN_BYTES = 256 << 10;

    private static final byte UNKNOWN = 0;
    private static final byte PENDING = 1;
    private static final byte WRITTEN = 2;

    private final BlockFile file;
    private final DiskGeometry geometry;
    private final RecordTable records;
    private final DiskCounters counters;
    private final Throttle throttle;
    private final MemorySegment buffer;
    private final Thread thread;

    // Guarded by this. Pieces of the ring are numbered as records are appended.
    private final BufferRing ring;
    private final int[] blocks;
    private final byte[] states;
    private long appended;
    private long written;
    private boolean closed;
    private RuntimeException failure;

    /**
     * Starts the thread.
     *
     * @param buffer aligned memory of at least one slot, zeroed, owned by the caller
     */
    DiskWriter(BlockFile file, RecordTable records, DiskCounters counters, MemorySegment buffer, Throttle throttle) {
        this.file = file;
        this.geometry = file.geometry();
        this.records = records;
        this.counters = counters;
        this.buffer = buffer;
        this.throttle = throttle;
        int smallest = geometry.groupsPerHead() == 0
                ? geometry.chunkStrideBytes()
                : Math.min(geometry.chunkStrideBytes(), geometry.groupStrideBytes());
        blocks = new int[Math.toIntExact(buffer.byteSize() / smallest)];
        ring = new BufferRing(buffer.byteSize(), blocks.length);
        states = new byte[geometry.blocks()];
        thread = Thread.ofPlatform().daemon().name("longinfer-kv-writer").start(this::run);
    }

    /** Whether a block was appended before. */
    synchronized boolean known(int block) {
        return states[block] != UNKNOWN;
    }

    /** Copies a record into the ring, waiting for room if there is none. */
    synchronized void append(int block, MemorySegment source, long offset, int prefixLength, int length) {
        check();
        if (states[block] == PENDING) {
            awaitWritten(block, true); // the ring would hold two records of one block
        }
        records.note(block, prefixLength, length);
        int stride = geometry.strideBytes(block);
        long piece = ring.take(stride);
        if (piece == BufferRing.NONE) {
            long start = System.nanoTime();
            while (piece == BufferRing.NONE) {
                pause();
                check();
                piece = ring.take(stride);
            }
            counters.writeStallNanos += System.nanoTime() - start;
        }
        MemorySegment.copy(source, offset, buffer, ring.start(piece), length);
        blocks[(int) (piece % blocks.length)] = block;
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
                awaitWritten(block, false);
            }
        }
    }

    private void awaitWritten(int block, boolean toWrite) {
        long start = System.nanoTime();
        while (states[block] == PENDING && failure == null) {
            pause();
        }
        long stall = System.nanoTime() - start;
        counters.writeStallNanos += toWrite ? stall : 0;
        counters.readStallNanos += toWrite ? 0 : stall;
        check();
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
        ByteBuffer view = buffer.asByteBuffer();
        CRC32C crc = new CRC32C();
        int count = 0;
        while (true) {
            synchronized (this) {
                settle(count);
                while (written == appended && !closed) {
                    pause();
                }
                if (closed) {
                    return;
                }
                count = runLength();
            }
            try {
                write(view, crc, count);
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
            states[block(written)] = WRITTEN;
            ring.release(written++);
        }
        notifyAll();
    }

    private int block(long piece) {
        return blocks[(int) (piece % blocks.length)];
    }

    /** Records that follow each other both in the ring and in the file, from the first not yet written. */
    private int runLength() {
        long last = written;
        long bytes = geometry.strideBytes(block(last));
        while (last + 1 < appended) {
            int stride = geometry.strideBytes(block(last));
            boolean follows = block(last + 1) == block(last) + 1
                    && geometry.strideBytes(block(last + 1)) == stride
                    && ring.start(last + 1) == ring.start(last) + stride;
            if (!follows || bytes + stride > LONGEST_RUN_BYTES) {
                break;
            }
            bytes += stride;
            last++;
        }
        return (int) (last + 1 - written);
    }

    /** Nobody else touches these pieces until they are settled. */
    private void write(ByteBuffer view, CRC32C crc, int count) {
        int bytes = 0;
        for (int i = 0; i < count; i++) {
            int block = block(written + i);
            records.noteChecksums(block, crc, view, (int) ring.start(written + i));
            bytes += i < count - 1 ? geometry.strideBytes(block) : geometry.aligned(records.length(block));
        }
        long due = throttle.reserve(bytes);
        file.writeBlocks(block(written), buffer, ring.start(written), bytes);
        throttle.await(due);
        counters.wrote(bytes, count);
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
