package io.longinfer.kvcache.tier;

import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kvcache.chunk.LayerChunks;
import java.lang.foreign.MemorySegment;

/**
 * Decides which chunks device and host keep. New chunks go to the device while there is room, and as long as they are recent
 * in the place of its least important one; then to the host. A chunk that passed through the device takes the place of one
 * kept there only if it has been clearly more important, so that a workload that repeats itself does not make the tiers thrash.
 *
 * <p>Without a disk each chunk lies on exactly one of both and what leaves the device goes to the host. With a disk, which has
 * every chunk, both are caches. Decided after attention, when masses are known and passing chunks still lie in their slots:
 * staying costs no copy. Not thread-safe.
 */
public final class Migration {
    /** How much more important a newcomer must have been. */
    private static final float MARGIN = 1.5f;

    private final HostTier host;
    private final boolean backed;
    private final TierCounters counters;
    private final int chunkBytes;
    private final VictimQueue deviceVictims;
    private final VictimQueue hostVictims;
    private int[] ids = new int[0];
    private int[] slots = new int[0];

    /**
     * Machinery for all layers of a sequence.
     *
     * @param backed whether the disk has every chunk
     * @param mostKept most chunks that device or host keep of one layer
     */
    public Migration(HostTier host, boolean backed, TierCounters counters, int chunkBytes, int mostKept) {
        this.host = host;
        this.backed = backed;
        this.counters = counters;
        this.chunkBytes = chunkBytes;
        deviceVictims = new VictimQueue(mostKept);
        hostVictims = new VictimQueue(mostKept);
    }

    /** Finds a place for new chunks, which the layer counts already. */
    public void append(LayerTiers layer, ClosedChunks closed) {
        LayerChunks chunks = layer.chunks();
        boolean queued = false;
        int count = chunks.kvHeads() * closed.count();
        for (int i = 0; i < closed.count(); i++) {
            for (int head = 0; head < chunks.kvHeads(); head++) {
                int id = chunks.id(head, closed.first() + i);
                long offset = head * closed.headStrideBytes() + (long) i * chunkBytes;
                if (!layer.device().hasRoom() && chunks.pinned(id)) {
                    if (!queued) {
                        fillQueues(layer, count);
                        queued = true;
                    }
                    int victim = deviceVictims.peek();
                    if (victim != SlotMap.NONE) {
                        demote(layer, victim);
                    }
                }
                place(layer, id, closed.memory(), offset);
            }
        }
    }

    private void fillQueues(LayerTiers layer, int count) {
        deviceVictims.fill(layer.device(), layer.chunks(), count);
        boolean full = backed && !layer.host().hasRoom();
        hostVictims.fill(layer.host(), layer.chunks(), full ? count : 0);
    }

    private void place(LayerTiers layer, int id, MemorySegment source, long offset) {
        if (layer.device().hasRoom()) {
            layer.pool().write(layer.device().take(id), source, offset);
        } else if (layer.host().hasRoom()) {
            layer.host().take(id);
            MemorySegment.copy(source, offset, host.memory(), host.offset(layer.hostSlot(id)), chunkBytes);
        } else if (!backed) {
            throw new IllegalStateException("device and host are full, against the plan");
        }
    }

    /** Learns from a decoding step, and lets important chunks that passed through the device stay there or in the host. */
    public void admit(LayerTiers layer, TieredAttention attention, DeviceSession session, int segment) {
        attention.recordMass(session, segment);
        int count = collect(layer.chunks(), attention);
        if (count == 0) {
            return;
        }
        fillQueues(layer, count);
        for (int i = 0; i < count; i++) {
            admit(layer, ids[i], slots[i]);
        }
    }

    /** The passing chunks, most important first. */
    private int collect(LayerChunks chunks, TieredAttention attention) {
        int count = 0;
        for (int w = 0; w < attention.passedCount(); w++) {
            Wave wave = attention.passed(w);
            ensureRoom(count + wave.size);
            for (int i = 0; i < wave.size; i++) {
                int id = chunks.id(wave.kvHeads[i], wave.chunks[i]);
                float importance = chunks.importance(id);
                int place = count++;
                while (place > 0 && chunks.importance(ids[place - 1]) < importance) {
                    ids[place] = ids[place - 1];
                    slots[place] = slots[place - 1];
                    place--;
                }
                ids[place] = id;
                slots[place] = wave.slots[i];
            }
        }
        return count;
    }

    private void ensureRoom(int size) {
        if (ids.length < size) {
            ids = java.util.Arrays.copyOf(ids, 2 * size);
            slots = java.util.Arrays.copyOf(slots, 2 * size);
        }
    }

    private void admit(LayerTiers layer, int id, int slot) {
        boolean room = layer.device().hasRoom();
        int victim = room ? SlotMap.NONE : deviceVictims.peek();
        if (room || (victim != SlotMap.NONE && deserves(layer, id, victim))) {
            if (layer.host().holds(id)) {
                layer.host().release(id);
            }
            if (!room) {
                demote(layer, victim);
            }
            layer.device().adopt(id, slot);
            counters.devicePromotions++;
        } else if (backed && !layer.host().holds(id)) {
            keepInHost(layer, id, slot);
        }
    }

    private boolean deserves(LayerTiers layer, int id, int victim) {
        LayerChunks chunks = layer.chunks();
        boolean wanted = chunks.pinned(id) || chunks.importance(id) > MARGIN * chunks.importance(victim);
        return wanted && chunks.importance(id) > 0;
    }

    private void keepInHost(LayerTiers layer, int id, int slot) {
        if (makeRoomInHost(layer, id)) {
            layer.host().take(id);
            copyToHost(layer, id, slot);
            counters.hostPromotions++;
        }
    }

    private boolean makeRoomInHost(LayerTiers layer, int id) {
        if (layer.host().hasRoom()) {
            return true;
        }
        int victim = backed ? hostVictims.peek() : SlotMap.NONE;
        if (victim == SlotMap.NONE || !deserves(layer, id, victim)) {
            return false;
        }
        layer.host().release(victim);
        counters.hostEvictions++;
        return true;
    }

    /** Frees the device slot of a chunk, moving it to the host if it deserves a place there. */
    private void demote(LayerTiers layer, int victim) {
        if (makeRoomInHost(layer, victim)) {
            layer.host().take(victim);
            copyToHost(layer, victim, layer.device().slot(victim));
            counters.demotions++;
        } else if (backed) {
            counters.deviceEvictions++;
        } else {
            throw new IllegalStateException("the host is full, against the plan");
        }
        layer.device().release(victim);
    }

    private void copyToHost(LayerTiers layer, int id, int slot) {
        long start = System.nanoTime();
        layer.pool().read(slot, host.memory(), host.offset(layer.hostSlot(id)));
        counters.deviceToHostNanos += System.nanoTime() - start;
        counters.deviceToHostBytes += chunkBytes;
        counters.deviceToHostOperations++;
    }
}
