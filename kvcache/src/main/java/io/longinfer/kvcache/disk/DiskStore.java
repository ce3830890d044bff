package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.budget.TierBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The disk tier of one sequence: records are appended in the background and read in batches through a {@link DiskIo} that it
 * shares with others. Its file exists from {@link #open} to {@link #close}.
 *
 * <p>Used by one thread; failures of the I/O threads are thrown at its next call. Double close is harmless, use after close
 * throws.
 */
public final class DiskStore implements AutoCloseable {
    private final DiskGeometry geometry;
    private final TierBudget budget;
    private final DiskCounters counters = new DiskCounters();
    private final Arena arena = Arena.ofShared();
    private final ReadQueue queue;
    private final RecordTable records;
    private final BlockFile file;
    private final DiskWriter writer;
    private long reservedBytes;
    private boolean closed;

    /** Operations under way, guarded by the monitor of the queue. */
    int readsInFlight;

    private DiskStore(DiskGeometry geometry, Options options, TierBudget budget, DiskIo io) {
        this.geometry = geometry;
        this.budget = budget;
        queue = io.queue();
        reservedBytes = geometry.headerBytes();
        // Memory first: once the file exists and threads run, nothing can fail any more.
        records = new RecordTable(geometry);
        MemorySegment ring = arena.allocate(options.ringBytes, geometry.alignmentBytes());
        file = createFile(options);
        writer = new DiskWriter(file, records, counters, ring, io.options().throttle());
    }

    private BlockFile createFile(Options options) {
        try {
            return BlockFile.create(options.directory, geometry, options.directIo, options.neededBytes);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /**
     * How a store works.
     *
     * @param directory where the file is put
     * @param neededBytes what will be written over its life, checked against the space that is left
     * @param ringBytes memory for records that wait to be written before the caller must, at least one slot
     */
    public record Options(Path directory, DirectIo directIo, long neededBytes, long ringBytes) {}

    /**
     * Creates the file and starts the writer.
     *
     * @param budget what the file takes is reserved here as it grows
     * @param io reads for this store, and must outlive it
     * @throws DiskException if the directory is not writable or has too little space, or direct I/O is required but refused
     */
    public static DiskStore open(DiskGeometry geometry, Options options, TierBudget budget, DiskIo io) {
        checkMemory(geometry, options, io.options());
        budget.reserve(geometry.headerBytes());
        try {
            return new DiskStore(geometry, options, budget, io);
        } catch (RuntimeException e) {
            budget.release(geometry.headerBytes());
            throw e;
        }
    }

    private static void checkMemory(DiskGeometry geometry, Options options, DiskIo.Options io) {
        int slot = geometry.largestStrideBytes();
        if (slot > io.largestBytes() || geometry.alignmentBytes() > io.alignmentBytes()) {
            throw new IllegalArgumentException("slots of " + slot + " bytes aligned to " + geometry.alignmentBytes()
                    + " cannot be read in operations of up to " + io.largestBytes() + " bytes aligned to "
                    + io.alignmentBytes());
        }
        if (options.ringBytes < slot || options.ringBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a write ring of " + options.ringBytes + " bytes: expected between "
                    + slot + ", one slot, and " + Integer.MAX_VALUE);
        }
    }

    /**
     * What direct I/O in {@code directory} must be aligned to, found by trying.
     *
     * @throws DiskException if no file can be made there
     */
    public static int alignment(Path directory) {
        return DiskAlignment.of(directory);
    }

    /** Where each block lies. */
    public DiskGeometry geometry() {
        return geometry;
    }

    /** The file. */
    public Path path() {
        return file.path();
    }

    /** Whether reads and writes go around the page cache. */
    public boolean directIo() {
        return file.direct();
    }

    /** What went over the disk's links. */
    public DiskCounters counters() {
        return counters;
    }

    /** Bytes that the header and the blocks appended so far take. */
    public long usedBytes() {
        return reservedBytes;
    }

    BlockFile file() {
        return file;
    }

    RecordTable records() {
        return records;
    }

    /** Bytes of the file to read for a block. */
    int bytesToRead(int block, boolean prefixOnly) {
        return geometry.aligned(prefixOnly ? records.prefixLength(block) : records.length(block));
    }

    /**
     * Writes the record of a block soon; its bytes are copied before this returns. No read of the block may be under way.
     *
     * @param prefixLength bytes at the record's start that can be read alone; 0 if none are
     * @param length bytes of the record
     */
    public void append(int block, MemorySegment source, long offset, int prefixLength, int length) {
        writer.check();
        if (!writer.known(block)) {
            budget.reserve(geometry.strideBytes(block));
            reservedBytes += geometry.strideBytes(block);
        }
        writer.append(block, source, offset, prefixLength, length);
    }

    /**
     * Starts reading a batch behind those submitted before to any store, after waiting for those of its records that are still
     * being written.
     *
     * @throws IllegalArgumentException if a record was never written, or has no prefix and only that is asked for
     */
    public void submit(ReadBatch batch) {
        writer.awaitWritten(batch);
        batch.locate(this);
        queue.submit(batch);
    }

    /** Waits for a submitted batch, and throws what went wrong with it. */
    public void await(ReadBatch batch) {
        awaitEnd(batch);
        RuntimeException failure = batch.failure();
        if (failure != null) {
            throw failure;
        }
    }

    /** Waits until nothing more is delivered of a batch, submitted or not, whatever became of it. */
    public void awaitEnd(ReadBatch batch) {
        if (!batch.complete()) {
            long start = System.nanoTime();
            queue.await(batch);
            counters.readStallNanos += System.nanoTime() - start;
        }
    }

    /** Throws what went wrong in the background. */
    public void check() {
        writer.check();
    }

    /** Waits until all is written. */
    public void drain() {
        writer.drain();
    }

    /** Forgets all blocks. */
    public void reset() {
        writer.drain();
        writer.reset();
        budget.release(reservedBytes - geometry.headerBytes());
        reservedBytes = geometry.headerBytes();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        queue.abandon(this, new IllegalStateException("the disk tier is closed"));
        writer.close();
        try {
            file.close();
        } finally {
            arena.close();
            budget.release(reservedBytes);
        }
    }
}
