package io.longinfer.kvcache.abstracts;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * Leaf groups that pass through memory: those that a layer scored in its last step and that have no slot are read, for the step at
 * hand, while the layer before computes. What is wanted without having been read ahead is fetched by {@link LeafGroups}.
 *
 * <p>Holds groups of one layer at a time. Used by one thread.
 */
final class PassingLeaves {
    static final int NONE = -1;

    private final int slots;
    private final int groupBytes;
    private final MemorySegment memory;
    private final int[] ids;
    private final LeafDisk.Batch batch;
    private int layer = NONE;
    private int count;

    /** Memory for {@code slots} groups. */
    PassingLeaves(int slots, int groupBytes, LeafDisk disk, SegmentAllocator allocator) {
        this.slots = slots;
        this.groupBytes = groupBytes;
        memory = allocator.allocate((long) slots * groupBytes, 64);
        ids = new int[slots];
        batch = disk.batch(this::load);
    }

    private void load(int slot, MemorySegment source, long offset) {
        MemorySegment.copy(source, offset, memory, offset(slot), groupBytes);
    }

    /** Most groups at a time. */
    int slots() {
        return slots;
    }

    /** Adds a group of a layer, behind {@link #forget} and before {@link #start}; {@code id} is the layer's own number for it. */
    void add(int ofLayer, int id, int kvHead, int group) {
        batch.want(ofLayer, kvHead, group, count);
        ids[count++] = id;
    }

    /** Starts to read what was added for a layer; if that fails nothing is here. */
    void start(int ofLayer) {
        batch.start();
        layer = ofLayer;
    }

    /** Waits for what was read for a layer, to be used in one step; returns how many groups that are, the first of the slots. */
    int await(int ofLayer) {
        if (layer != ofLayer) {
            return 0;
        }
        layer = NONE;
        batch.await();
        return count;
    }

    int id(int slot) {
        return ids[slot];
    }

    MemorySegment memory() {
        return memory;
    }

    long offset(int slot) {
        return (long) slot * groupBytes;
    }

    /** Waits until nothing more comes, and gives up what is here. */
    void forget() {
        batch.awaitEnd();
        layer = NONE;
        count = 0;
    }
}
