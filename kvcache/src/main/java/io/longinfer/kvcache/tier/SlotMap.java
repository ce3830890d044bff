package io.longinfer.kvcache.tier;

import java.util.Arrays;

/**
 * Which chunk lies in which slot of a tier, both ways. At most {@code capacity} chunks are kept; slots beyond that are
 * spare and hold what is passing through (see {@link #spare}). Not thread-safe.
 */
final class SlotMap {
    static final int NONE = -1;

    private final int[] slotOf;
    private final int[] ownerOf;
    private final int[] free;
    private final int capacity;
    private int freeCount;

    /**
     * An empty map.
     *
     * @param ids chunks there can be
     * @param capacity chunks that are kept at once
     * @param spare slots on top
     */
    SlotMap(int ids, int capacity, int spare) {
        slotOf = new int[ids];
        ownerOf = new int[capacity + spare];
        free = new int[capacity + spare];
        this.capacity = capacity;
        clear();
    }

    /** Slots, the spare ones among them. */
    int slots() {
        return ownerOf.length;
    }

    /** Chunks that are kept. */
    int size() {
        return ownerOf.length - freeCount;
    }

    /** Whether one more chunk can be kept. */
    boolean hasRoom() {
        return size() < capacity;
    }

    /** The slot of a chunk, or {@link #NONE}. */
    int slot(int id) {
        return slotOf[id];
    }

    /** Whether a chunk is kept here. */
    boolean holds(int id) {
        return slotOf[id] != NONE;
    }

    /** The chunk in a slot, or {@link #NONE}. */
    int owner(int slot) {
        return ownerOf[slot];
    }

    /** The {@code index}-th slot that keeps nothing, for passing through; the same until the map changes. */
    int spare(int index) {
        return free[freeCount - 1 - index];
    }

    /** Gives a chunk a slot. */
    int take(int id) {
        if (!hasRoom()) {
            throw new IllegalStateException("all " + capacity + " slots are taken");
        }
        int slot = free[--freeCount];
        assign(id, slot);
        return slot;
    }

    /** Lets a chunk stay in the spare slot it passed through. */
    void adopt(int id, int slot) {
        if (!hasRoom() || ownerOf[slot] != NONE) {
            throw new IllegalStateException("slot " + slot + " cannot be adopted");
        }
        int place = freeCount - 1;
        while (free[place] != slot) {
            place--;
        }
        free[place] = free[--freeCount];
        assign(id, slot);
    }

    private void assign(int id, int slot) {
        slotOf[id] = slot;
        ownerOf[slot] = id;
    }

    /** Takes a chunk's slot away; returns the slot. */
    int release(int id) {
        int slot = slotOf[id];
        if (slot == NONE) {
            throw new IllegalStateException("chunk " + id + " has no slot");
        }
        slotOf[id] = NONE;
        ownerOf[slot] = NONE;
        free[freeCount++] = slot;
        return slot;
    }

    /** Forgets all. */
    void clear() {
        Arrays.fill(slotOf, NONE);
        Arrays.fill(ownerOf, NONE);
        freeCount = free.length;
        for (int i = 0; i < free.length; i++) {
            free[i] = free.length - 1 - i;
        }
    }
}
