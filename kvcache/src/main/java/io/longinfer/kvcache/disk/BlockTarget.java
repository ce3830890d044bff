package io.longinfer.kvcache.disk;

import java.lang.foreign.MemorySegment;

/** Takes blocks as they arrive from the disk. Called by several I/O threads at once, for different tags. */
@FunctionalInterface
public interface BlockTarget {
    /**
     * Takes one block, verified.
     *
     * @param tag what the reader asked to be told, see {@link ReadBatch#add}
     * @param source memory that is the block's from {@code offset} until this returns
     */
    void accept(int tag, MemorySegment source, long offset);
}
