package io.longinfer.kvcache.pipeline;

import io.longinfer.kvcache.disk.ReadBatch;
import io.longinfer.kvcache.tier.SlotMap;

/**
 * Chunks of the next layer that are brought to the device on a guess, before the layer selects. Reused. Not thread-safe, but
 * that I/O threads deliver to different entries.
 */
final class ReadAhead {
    final ReadBatch batch;
    final int[] ids;
    final int[] deviceSlots;
    final int[] hostSlots;

    /** Index in the batch, or {@link SlotMap#NONE} of what came from the host. */
    final int[] reads;

    final boolean[] coarse;

    /** Whether the layer selected the chunk. */
    final boolean[] selected;

    /** Whether the slots are still this one's, and not a unit's or given up. */
    final boolean[] held;

    /** Whether the slots are to be given back once nothing is on its way into them. */
    final boolean[] unwanted;

    int layer = SlotMap.NONE;
    int size;
    long linkDue;

    ReadAhead(int capacity, Unit.Deliverer deliverer) {
        ids = new int[capacity];
        deviceSlots = new int[capacity];
        hostSlots = new int[capacity];
        reads = new int[capacity];
        coarse = new boolean[capacity];
        selected = new boolean[capacity];
        held = new boolean[capacity];
        unwanted = new boolean[capacity];
        batch = new ReadBatch((tag, source, offset, prefixLength, length) ->
                deliverer.deliver(deviceSlots[tag], hostSlots[tag], source, offset, prefixLength, length));
    }

    void clear(int ofLayer) {
        batch.clear();
        layer = ofLayer;
        size = 0;
        linkDue = 0;
    }

    int add(int id, int deviceSlot, int hostSlot, boolean isCoarse) {
        ids[size] = id;
        deviceSlots[size] = deviceSlot;
        hostSlots[size] = hostSlot;
        reads[size] = SlotMap.NONE;
        coarse[size] = isCoarse;
        selected[size] = false;
        held[size] = true;
        unwanted[size] = false;
        return size++;
    }
}
