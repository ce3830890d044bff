package io.longinfer.kvcache.abstracts;

import java.lang.foreign.MemorySegment;

/** Where the leaf groups go that memory does not hold: written once, read in batches. Used by one thread. */
interface LeafDisk {
    /** Takes the group of a batch that was asked for with {@code tag}; called by several threads, for different tags. */
    @FunctionalInterface
    interface Target {
        void accept(int tag, MemorySegment source, long offset);
    }

    /** Groups that are read together: wanted, started, awaited, and then empty again. */
    interface Batch {
        /** Adds a group, before {@link #start}. */
        void want(int layer, int kvHead, int group, int tag);

        /** Starts to read. */
        void start();

        /** Waits until all is there, and throws what went wrong. */
        void await();

        /** Waits until nothing more comes, whatever became of it. */
        void awaitEnd();
    }

    /** Writes a full group; its bytes are copied before this returns. */
    void write(int layer, int kvHead, int group, MemorySegment source, long offset);

    /** An empty batch, whose groups go to {@code target}. */
    Batch batch(Target target);
}
