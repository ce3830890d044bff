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

    private final int slots;
    private final BitSet held = new BitSet();
    private Batch front;
    private Batch back;

    StagedWrites(int slots, int chunkBytes) {
        this.slots = slots;
        this.chunkBytes = chunkBytes;
        front = new Batch();
        back = new Batch();
    }

    /** Chunks one behind the other, and their slots. */
    private final class Batch {
        /** {@code [slots]}: 1 + a slot's place, or 0. */
        private final int[] places = new int[slots];

        private MemorySegment chunks = MemorySegment.NULL;
        private int[] slotOf = new int[0];
        private int size;

        void write(int slot, MemorySegment source, long offset) {
            if (places[slot] == 0) {
                if (size == slotOf.length) {
                    grow();
                }
                slotOf[size++] = slot;
                places[slot] = size;
            }
            MemorySegment.copy(source, offset, chunks, (places[slot] - 1L) * chunkBytes, chunkBytes);
        }

        private void grow() {
            int capacity = Math.max(16, 2 * size);
            MemorySegment memory = Arena.ofAuto().allocate((long) capacity * chunkBytes, Integer.BYTES);
            MemorySegment.copy(chunks, 0, memory, 0, (long) size * chunkBytes);
            chunks = memory;
            slotOf = Arrays.copyOf(slotOf, capacity);
        }

        boolean read(int slot, MemorySegment target, long offset) {
            if (places[slot] == 0) {
                return false;
            }
            MemorySegment.copy(chunks, (places[slot] - 1L) * chunkBytes, target, offset, chunkBytes);
            return true;
        }

        /** Takes the last {@code count} chunks out. */
        void take(int count, MemorySegment target, long offset, int[] targetSlots) {
            size -= count;
            MemorySegment.copy(chunks, (long) size * chunkBytes, target, offset, (long) count * chunkBytes);
            for (int i = 0; i < count; i++) {
                targetSlots[i] = slotOf[size + i];
                places[targetSlots[i]] = 0;
            }
        }
    }

    /** Copies a chunk that shall come to lie in a slot. */
    synchronized void write(int slot, MemorySegment source, long offset) {
        (held.get(slot) ? back : front).write(slot, source, offset);
    }

    /** Copies what waits for a slot, if anything does. */
    synchronized boolean read(int slot, MemorySegment target, long offset) {
        return back.read(slot, target, offset) || front.read(slot, target, offset);
    }

    /** Notes that an attention still to be executed reads a slot: what waits for it now, or what it holds. */
    synchronized void hold(int slot) {
        if (waitsBehind(slot)) {
            throw new IllegalStateException("slot " + slot + " is held, and its next chunk waits behind that");
        }
        held.set(slot);
    }

    /** Whether a chunk waits for a slot until it is no longer held. */
    synchronized boolean waitsBehind(int slot) {
        return back.places[slot] != 0;
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
        front.take(count, staging, offset, slots);
        return count;
    }

    /** The attention that held slots is executed: what waited behind it may be brought. */
    synchronized void release() {
        held.clear();
        if (front.size == 0) {
            Batch empty = front;
            front = back;
            back = empty;
        } else {
            for (int i = 0; i < back.size; i++) {
                int slot = back.slotOf[i];
                front.write(slot, back.chunks, (long) i * chunkBytes);
                back.places[slot] = 0;
            }
            back.size = 0;
        }
    }
}
