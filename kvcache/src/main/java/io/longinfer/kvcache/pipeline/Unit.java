package io.longinfer.kvcache.pipeline;

import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kvcache.disk.ReadBatch;
import io.longinfer.kvcache.tier.SlotMap;
import java.util.Arrays;

/**
 * Selected chunks of a layer that one call attends, in the order of their indices: which chunks belong to it depends on what is
 * selected and on nothing else, so that sums do not depend on where chunks lie. Reused. Not thread-safe, but that I/O threads
 * deliver to different entries.
 */
final class Unit {
    final BlockTable table;
    final ReadBatch batch;
    int[] ids = new int[64];

    /** The device slot of each entry. */
    int[] deviceSlots = new int[64];

    /** Whether the device slot is leased, and not that of a kept chunk. */
    boolean[] passing = new boolean[64];

    /** The leased host slot that receives the entry's record, or {@link SlotMap#NONE}. */
    int[] hostSlots = new int[64];

    /** Whether only the prefix of the record came, so that the chunk must not stay. */
    boolean[] coarse = new boolean[64];

    int size;
    int passingCount;

    /** Whether some chunks come with what was read ahead. */
    boolean fromAhead;

    /** When the link to the device has carried everything, as a {@link System#nanoTime}. */
    long linkDue;

    Unit(int kvHeads, Deliverer deliverer) {
        table = new BlockTable(kvHeads);
        batch = new ReadBatch((tag, source, offset, prefixLength, length) ->
                deliverer.deliver(deviceSlots[tag], hostSlots[tag], source, offset, prefixLength, length));
    }

    /** Takes what arrives from the disk; called by I/O threads. */
    interface Deliverer {
        void deliver(
                int deviceSlot,
                int hostSlot,
                java.lang.foreign.MemorySegment source,
                long offset,
                int prefixLength,
                int length);
    }

    void clear() {
        table.clear();
        batch.clear();
        size = 0;
        passingCount = 0;
        fromAhead = false;
        linkDue = 0;
    }

    /** Adds an entry whose chunk the device keeps, or which is filled in by the caller; returns its place. */
    int add(int id, int deviceSlot, boolean isPassing) {
        if (size == ids.length) {
            grow();
        }
        ids[size] = id;
        deviceSlots[size] = deviceSlot;
        passing[size] = isPassing;
        hostSlots[size] = SlotMap.NONE;
        coarse[size] = false;
        passingCount += isPassing ? 1 : 0;
        return size++;
    }

    private void grow() {
        ids = Arrays.copyOf(ids, 2 * size);
        deviceSlots = Arrays.copyOf(deviceSlots, 2 * size);
        passing = Arrays.copyOf(passing, 2 * size);
        hostSlots = Arrays.copyOf(hostSlots, 2 * size);
        coarse = Arrays.copyOf(coarse, 2 * size);
    }
}
