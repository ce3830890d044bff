package io.longinfer.kvcache.abstracts;

import java.lang.foreign.MemorySegment;

/** Where the leaf groups go that memory does not hold: written once, read in batches. Used by one thread. */
interface LeafDisk {
    /** Takes the group of a batch that was asked for with {@code tag}; called by several threads, for different tags. */
    @FunctionalInterface
    interface Target {
        void accept(int tag, MemorySegment source, long offset);
    }

    /** Writes a full group; its bytes are copied before this returns. */
    void write(int layer, int kvHead, int group, MemorySegment source, long offset);

    /** Adds a group to the next batch. */
    void want(int layer, int kvHead, int group, int tag);

    /** Reads the batch and waits for it. */
    void read(Target target);
}
