package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.budget.TierBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The disk tier of one sequence: blocks are appended in the background and read in batches with several requests in flight.
 * Its file exists from {@link #open} to {@link #close}.
 *
 * <p>Used by one thread; failures of the I/O threads are thrown at its next call. Double close is harmless, use after close
 * throws.
 */
public final class DiskStore implements AutoCloseable {
    private final DiskGeometry geometry;
    private final TierBudget budget;
    private final DiskCounters counters = new DiskCounters();
    private final Arena arena = Arena.ofShared();
    private final BlockFile file;
    private final DiskWriter writer;
    private final DiskReaders readers;
    private boolean closed;

    private DiskStore(DiskGeometry geometry, Options options, TierBudget budget) {
        this.geometry = geometry;
        this.budget = budget;
        // Memory first: once the file exists and threads run, nothing can fail any more.
        MemorySegment ring = buffer(options.ringBlocks);
        MemorySegment buffers = buffer((long) options.ioThreads * options.runBlocks);
        BlockChecksums checksums = new BlockChecksums(geometry);
        file = createFile(options);
        writer = new DiskWriter(file, checksums, counters, ring, options.ringBlocks);
        readers = new DiskReaders(file, checksums, counters, buffers, options.ioThreads, options.runBlocks);
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
     * @param ringBlocks blocks that wait to be written before the caller must
     * @param ioThreads reads in flight
     * @param runBlocks most neighbouring blocks that one operation reads
     */
    public record Options(
            Path directory, DirectIo directIo, long neededBytes, int ringBlocks, int ioThreads, int runBlocks) {}

    /**
     * Creates the file and starts the threads.
     *
     * @param budget what the file takes is reserved here as it grows
     * @throws DiskException if the directory is not writable or has too little space, or direct I/O is required but refused
     */
    public static DiskStore open(DiskGeometry geometry, Options options, TierBudget budget) {
        budget.reserve(geometry.headerBytes());
        try {
            return new DiskStore(geometry, options, budget);
        } catch (RuntimeException e) {
            budget.release(geometry.headerBytes());
            throw e;
        }
    }

    /** What direct I/O in {@code directory} must be aligned to, at least {@code smallest} bytes. */
    public static int alignment(Path directory, int smallest) {
        return BlockFile.alignment(directory, smallest);
    }

    private MemorySegment buffer(long blocks) {
        return arena.allocate(blocks * geometry.strideBytes(), geometry.alignmentBytes());
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

    /** Bytes that the blocks written so far take. */
    public long usedBytes() {
        return budget.usedBytes();
    }

    /** Writes a block soon; its bytes are copied before this returns. */
    public void append(int block, MemorySegment source, long offset) {
        writer.check();
        if (!writer.known(block)) {
            budget.reserve(geometry.strideBytes());
        }
        writer.append(block, source, offset);
    }

    /** Starts reading a batch, after waiting for those of its blocks that are still being written. At most two at a time. */
    public void submit(ReadBatch batch) {
        writer.awaitWritten(batch);
        readers.submit(batch);
    }

    /** Waits for a submitted batch, and throws what went wrong with it. */
    public void await(ReadBatch batch) {
        readers.await(batch);
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
        budget.release(budget.usedBytes() - geometry.headerBytes());
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        readers.close();
        writer.close();
        try {
            file.close();
        } finally {
            arena.close();
            budget.release(budget.usedBytes());
        }
    }
}
