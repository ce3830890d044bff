package io.longinfer.kernels.device.tornado;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Chunks that wait in host memory for their slots on the device, which they reach with the next execution. A slot that an
 * attention still to be executed reads (see {@link #hold}) is not overwritten before: what is written to it waits behind that.
 * Thread-safe.
 */
final class StagedWrites {
    private final int chunkBytes;

    /** {@code [slots]}: 1 + a slot's place in {@link #front}, or -1 - its place in {@link #back}, or 0. */
    private final int[] places;

    private final BitSet held = new BitSet();
    private Batch front = new Batch();
    private Batch back = new Batch();

    StagedWrites(int slots, int chunkBytes) {
        this.chunkBytes = chunkBytes;
        places = new int[slots];
    }

    /** Chunks one behind the other, and their slots. */
    private final class Batch {
        private MemorySegment chunks = MemorySegment.NULL;
        private int[] slots = new int[0];
        private int size;

        int add(int slot) {
            if (size == slots.length) {
                int capacity = Math.max(16, 2 * size);
                MemorySegment memory = Arena.ofAuto().allocate((long) capacity * chunkBytes, Integer.BYTES);
                MemorySegment.copy(chunks, 0, memory, 0, (long) size * chunkBytes);
                chunks = memory;
                slots = Arrays.copyOf(slots, capacity);
            }
            slots[size] = slot;
            return size++;
        }

        void set(int place, MemorySegment source, long offset) {
            MemorySegment.copy(source, offset, chunks, (long) place * chunkBytes, chunkBytes);
        }
    }

    /** Copies a chunk that shall come to lie in a slot. */
    synchronized void write(int slot, MemorySegment source, long offset) {
        int place = places[slot];
        if (place > 0) {
            front.set(place - 1, source, offset);
        } else if (place < 0) {
            back.set(-1 - place, source, offset);
        } else if (held.get(slot)) {
            int added = back.add(slot);
            places[slot] = -1 - added;
            back.set(added, source, offset);
        } else {
            int added = front.add(slot);
            places[slot] = 1 + added;
            front.set(added, source, offset);
        }
    }

    /** Copies what waits for a slot, if anything does. */
    synchronized boolean read(int slot, MemorySegment target, long offset) {
        int place = places[slot];
        if (place == 0) {
            return false;
        }
        MemorySegment source = place > 0 ? front.chunks : back.chunks;
        int at = place > 0 ? place - 1 : -1 - place;
        MemorySegment.copy(source, (long) at * chunkBytes, target, offset, chunkBytes);
        return true;
    }

    /** Notes that an attention still to be executed reads a slot as it is now, or as what waits for it says. */
    synchronized void hold(int slot) {
        if (places[slot] < 0) {
            throw new IllegalStateException("slot " + slot + " is held, and its next chunk waits behind that");
        }
        held.set(slot);
    }

    /** Whether a chunk waits for a slot until it is no longer held. */
    synchronized boolean waitsBehind(int slot) {
        return places[slot] < 0;
    }

    /** Chunks that the next execution may bring. */
    synchronized int ready() {
        return front.size;
    }

    /**
     * Takes out up to {@code capacity} chunks that may be brought now.
     *
     * @param staging receives them, one behind the other, from {@code offset}
     * @param slots receives their slots
     * @return how many
     */
    synchronized int take(int capacity, MemorySegment staging, long offset, int[] slots) {
        int count = Math.min(capacity, front.size);
        int first = front.size - count;
        MemorySegment.copy(front.chunks, (long) first * chunkBytes, staging, offset, (long) count * chunkBytes);
        for (int i = 0; i < count; i++) {
            int slot = front.slots[first + i];
            slots[i] = slot;
            places[slot] = 0;
        }
        front.size = first;
        return count;
    }

    /** The attention that held slots is executed: what waited behind it may be brought. */
    synchronized void release() {
        held.clear();
        for (int i = 0; i < back.size; i++) {
            int slot = back.slots[i];
            int added = front.add(slot);
            front.set(added, back.chunks, (long) i * chunkBytes);
            places[slot] = 1 + added;
        }
        back.size = 0;
    }
}
