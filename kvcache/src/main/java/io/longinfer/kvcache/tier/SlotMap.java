package io.longinfer.kvcache.tier;

import java.util.Arrays;

/**
 * Which chunk lies in which slot of a tier, both ways. At most {@code capacity} chunks are kept; slots beyond that are
 * leased to chunks that pass through. A leased slot has no owner until its chunk is {@linkplain #keep kept}. Not thread-safe.
 */
public final class SlotMap {
    /** No slot, or no chunk. */
    public static final int NONE = -1;

    private final int[] slotOf;
    private final int[] ownerOf;
    private final int[] free;
    private final int capacity;
    private int freeCount;
    private int kept;

    /**
     * An empty map.
     *
     * @param ids chunks there can be
     * @param capacity chunks that are kept at once
     * @param passing slots on top
     */
    public SlotMap(int ids, int capacity, int passing) {
        slotOf = new int[ids];
        ownerOf = new int[Math.addExact(capacity, passing)];
        free = new int[ownerOf.length];
        this.capacity = capacity;
        clear();
    }

    /** Slots, those for passing chunks among them. */
    public int slots() {
        return ownerOf.length;
    }

    /** Chunks that are kept. */
    public int kept() {
        return kept;
    }

    /** Whether one more chunk can be kept. */
    public boolean hasRoom() {
        return kept < capacity;
    }

    /** The slot of a kept chunk, or {@link #NONE}. */
    public int slot(int id) {
        return slotOf[id];
    }

    /** Whether a chunk is kept here. */
    public boolean holds(int id) {
        return slotOf[id] != NONE;
    }

    /** The chunk kept in a slot, or {@link #NONE}. */
    public int owner(int slot) {
        return ownerOf[slot];
    }

    /** Takes a slot that nothing uses. */
    public int lease() {
        if (freeCount == 0) {
            throw new IllegalStateException("all " + ownerOf.length + " slots are in use");
        }
        return free[--freeCount];
    }

    /** Gives a leased slot back. */
    public void giveBack(int slot) {
        free[freeCount++] = slot;
    }

    /** Lets a chunk stay in the leased slot it passed through. */
    public void keep(int id, int slot) {
        if (!hasRoom() || ownerOf[slot] != NONE || slotOf[id] != NONE) {
            throw new IllegalStateException("chunk " + id + " cannot stay in slot " + slot);
        }
        slotOf[id] = slot;
        ownerOf[slot] = id;
        kept++;
    }

    /** Gives a chunk a slot. */
    public int take(int id) {
        int slot = lease();
        keep(id, slot);
        return slot;
    }

    /** Ends the keeping of a chunk; its slot is leased from now on. */
    public int evict(int id) {
        int slot = slotOf[id];
        if (slot == NONE) {
            throw new IllegalStateException("chunk " + id + " has no slot");
        }
        slotOf[id] = NONE;
        ownerOf[slot] = NONE;
        kept--;
        return slot;
    }

    /** Takes a chunk's slot away. */
    public void release(int id) {
        giveBack(evict(id));
    }

    /** Forgets all. */
    public void clear() {
        Arrays.fill(slotOf, NONE);
        Arrays.fill(ownerOf, NONE);
        kept = 0;
        freeCount = free.length;
        for (int i = 0; i < free.length; i++) {
            free[i] = free.length - 1 - i;
        }
    }
}
