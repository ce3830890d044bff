package io.longinfer.kvcache.disk;

import java.util.concurrent.atomic.AtomicLong;

/** What a store moved over the disk's links. Stalls are counted by the sequence's own thread, the rest by the I/O threads. */
public final class DiskCounters {
    long readStallNanos;
    long writeStallNanos;
    private final AtomicLong readBytes = new AtomicLong();
    private final AtomicLong readOperations = new AtomicLong();
    private final AtomicLong readRecords = new AtomicLong();
    private final AtomicLong writtenBytes = new AtomicLong();
    private final AtomicLong writeOperations = new AtomicLong();
    private final AtomicLong writtenRecords = new AtomicLong();

    DiskCounters() {}

    /** Counters of no disk. */
    public static DiskCounters none() {
        return new DiskCounters();
    }

    void read(long bytes, int records) {
        readBytes.addAndGet(bytes);
        readOperations.incrementAndGet();
        readRecords.addAndGet(records);
    }

    void wrote(long bytes, int records) {
        writtenBytes.addAndGet(bytes);
        writeOperations.incrementAndGet();
        writtenRecords.addAndGet(records);
    }

    /** Bytes read, padding to the alignment and gaps that were read over included. */
    public long readBytes() {
        return readBytes.get();
    }

    /** Read operations. */
    public long readOperations() {
        return readOperations.get();
    }

    /** Records read, whole or their prefix. */
    public long readRecords() {
        return readRecords.get();
    }

    /** Time the sequence waited for reads. */
    public long readStallNanos() {
        return readStallNanos;
    }

    /** Bytes written, padding included. */
    public long writtenBytes() {
        return writtenBytes.get();
    }

    /** Write operations. */
    public long writeOperations() {
        return writeOperations.get();
    }

    /** Records written. */
    public long writtenRecords() {
        return writtenRecords.get();
    }

    /** Time the sequence waited for room in the write ring. */
    public long writeStallNanos() {
        return writeStallNanos;
    }

    /** Starts anew. */
    public void reset() {
        readStallNanos = 0;
        writeStallNanos = 0;
        readBytes.set(0);
        readOperations.set(0);
        readRecords.set(0);
        writtenBytes.set(0);
        writeOperations.set(0);
        writtenRecords.set(0);
    }
}
