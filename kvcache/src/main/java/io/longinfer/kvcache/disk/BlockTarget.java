package io.longinfer.kvcache.disk;

import java.lang.foreign.MemorySegment;

/** Takes records as they arrive from the disk. Called by I/O threads, by several at once for different tags. */
@FunctionalInterface
public interface BlockTarget {
    /**
     * Takes one record or the prefix of one, verified.
     *
     * @param tag what the reader asked to be told, see {@link ReadBatch#add}
     * @param source memory that is the record's from {@code offset} until this returns
     * @param prefixLength bytes of the record's prefix, as it was appended
     * @param length bytes that are there: the record's, or {@code prefixLength} if only that was asked for
     */
    void accept(int tag, MemorySegment source, long offset, int prefixLength, int length);
}
