package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.Alignment;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The fixed arrays in which chunks come to the device: TornadoVM has no copy of a part of an array to it.
 */
final class StagingArrays {
    final int capacity;

    /** {@code [capacity][2][slotInts]} from {@link Alignment#FIRST}: keys and values. */
    final IntArray chunks;

    /** {@code [capacity]}: slots that they go to. */
    final IntArray slots;

    private final int[] places;

    StagingArrays(int capacity, int slotInts) {
        this.capacity = capacity;
        chunks = new IntArray(Alignment.FIRST + Math.multiplyExact(capacity, 2 * slotInts));
        slots = new IntArray(capacity);
        chunks.init(0);
        slots.init(0);
        places = new int[capacity];
    }

    /** Fills them with chunks that wait; returns how many. */
    int take(StagedWrites waiting) {
        int count = waiting.take(capacity, chunks.getSegment(), (long) Alignment.FIRST * Integer.BYTES, places);
        HostArrays.copy(places, count, slots, 0);
        return count;
    }
}
