package io.longinfer.kvcache.tier;

import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kvcache.codec.ChunkCodec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.codec.RecordLengths;
import java.lang.foreign.MemorySegment;

/**
 * Which chunks device and host keep, over all layers of a sequence, and who makes room for whom. New chunks go to the device
 * while there is room, and as long as they are recent in the place of its least important one; then to the host. A chunk that
 * a decoding step brought to the device stays on the fastest tier where it has been more important than the least important
 * one kept there; moving from host to device, a copy saved at the cost of another, it must have been clearly more important.
 * A workload that repeats itself therefore comes to rest.
 *
 * <p>Without a disk each chunk lies on exactly one of both and what leaves the device goes to the host. With a disk, which has
 * every chunk, both are caches. Not thread-safe.
 */
public final class Residency implements AutoCloseable {
    /** How much more important than the device's least a chunk of the host must have been. */
    private static final float MARGIN = 1.5f;

    private final ChunkTable chunks;
    private final KvPool pool;
    private final HostTier host;
    private final ChunkCodec codec;
    private final boolean backed;

    /** A chunk that was quantised and decoded must not be quantised again: the disk has the better record. */
    private final boolean mayCopyToHost;

    private final TierCounters counters;
    private final SlotMap device;
    private final SlotMap hosted;
    private final VictimHeap deviceVictims;
    private final VictimHeap hostVictims;
    private final MemorySegment scratch;

    /**
     * An empty device and host.
     *
     * @param pool {@code deviceChunks + passing} slots; closed with this
     * @param deviceChunks chunks that the device keeps
     * @param host {@code hostChunks + passing} slots at least; closed with this
     * @param hostChunks chunks that the host keeps
     * @param codec of the host's records
     * @param backed whether the disk has every chunk
     */
    public Residency(
            ChunkTable chunks,
            KvPool pool,
            int deviceChunks,
            HostTier host,
            int hostChunks,
            int hostPassing,
            ChunkCodec codec,
            boolean backed,
            TierCounters counters) {
        this.chunks = chunks;
        this.pool = pool;
        this.host = host;
        this.codec = codec;
        this.backed = backed;
        mayCopyToHost = !backed || codec.codec().precision() == Precision.FP16;
        this.counters = counters;
        device = new SlotMap(chunks.ids(), deviceChunks, pool.slots() - deviceChunks);
        hosted = new SlotMap(chunks.ids(), hostChunks, hostPassing);
        deviceVictims = new VictimHeap(device, chunks);
        hostVictims = new VictimHeap(hosted, chunks);
        scratch = MemorySegment.ofArray(new short[pool.layout().sizeBytes() / Short.BYTES]);
    }

    /** Chunks on the device. */
    public SlotMap device() {
        return device;
    }

    /** Chunks in the host. */
    public SlotMap host() {
        return hosted;
    }

    /** The host's records. */
    public HostTier records() {
        return host;
    }

    /** The device's slots. */
    public KvPool pool() {
        return pool;
    }

    /**
     * Finds a place for new chunks of {@code layer}, which the table counts already.
     *
     * @param source the same chunks, as records are made of them
     */
    public void append(int layer, ClosedChunks closed, ClosedChunks source) {
        int chunkBytes = pool.layout().sizeBytes();
        for (int i = 0; i < closed.count(); i++) {
            for (int head = 0; head < chunks.kvHeads(); head++) {
                int id = chunks.id(layer, head, closed.first() + i);
                long within = (long) i * chunkBytes;
                if (placeOnDevice(id)) {
                    pool.write(device.slot(id), closed.memory(), head * closed.headStrideBytes() + within);
                } else if (hosted.hasRoom()) {
                    encode(source.memory(), head * source.headStrideBytes() + within, hosted.take(id));
                    hostVictims.add(hosted.slot(id), chunks.importance(id));
                } else if (!backed) {
                    throw new IllegalStateException("device and host are full, against the plan");
                }
            }
        }
        unpin(layer, closed.count());
    }

    /** Gives a new chunk a slot of the device if there is one for it. */
    private boolean placeOnDevice(int id) {
        if (!device.hasRoom() && chunks.pinned(id)) {
            int victim = deviceVictims.least();
            if (victim != SlotMap.NONE) {
                device.giveBack(leaveDevice(device.owner(victim)));
            }
        }
        if (!device.hasRoom()) {
            return false;
        }
        device.take(id);
        mayLeave(id);
        return true;
    }

    private void mayLeave(int id) {
        if (!chunks.pinned(id)) {
            deviceVictims.add(device.slot(id), chunks.importance(id));
        }
    }

    /** Chunks that are no longer among the newest may leave the device. */
    private void unpin(int layer, int count) {
        int end = chunks.closed(layer) - chunks.recentChunks();
        for (int chunk = Math.max(chunks.sinkChunks(), end - count); chunk < end; chunk++) {
            for (int head = 0; head < chunks.kvHeads(); head++) {
                int id = chunks.id(layer, head, chunk);
                int slot = device.slot(id);
                if (slot != SlotMap.NONE && !deviceVictims.contains(slot)) {
                    deviceVictims.add(slot, chunks.importance(id));
                }
            }
        }
    }

    private void encode(MemorySegment source, long offset, int hostSlot) {
        long lengths = codec.encode(source, offset, host.memory(), host.offset(hostSlot));
        host.describe(hostSlot, RecordLengths.prefixBytes(lengths), RecordLengths.sizeBytes(lengths));
    }

    /**
     * Lets a chunk that passed through the device stay where it deserves to. What is left over of its two leases is told by
     * {@link #leftDeviceSlot} and {@link #leftHostSlot}.
     *
     * @param deviceSlot the leased slot that holds it
     * @param hostSlot the leased slot of the host that holds its record, or {@link SlotMap#NONE}
     */
    public void admit(int id, int deviceSlot, int hostSlot) {
        leftDeviceSlot = deviceSlot;
        leftHostSlot = hostSlot;
        if (hosted.holds(id)) {
            if (deserves(id, MARGIN)) {
                if (!backed) {
                    leaveHost(id);
                }
                moveIn(id, deviceSlot);
                counters.devicePromotions++;
            }
            return;
        }
        if (device.hasRoom() || chunks.pinned(id) || hosted.slots() == 0) {
            if (deserves(id, 1)) {
                moveIn(id, deviceSlot);
                counters.devicePromotions++;
                return;
            }
        }
        if (hostSlot != SlotMap.NONE && makeRoomInHost(id)) {
            hosted.keep(id, hostSlot);
            hostVictims.add(hostSlot, chunks.importance(id));
            leftHostSlot = SlotMap.NONE;
            counters.hostPromotions++;
        }
    }

    private int leftDeviceSlot;
    private int leftHostSlot;

    /** The device slot that the last {@link #admit} leaves leased: the chunk's own, or that of the one that made room. */
    public int leftDeviceSlot() {
        return leftDeviceSlot;
    }

    /** The host slot that the last {@link #admit} leaves leased, or {@link SlotMap#NONE}. */
    public int leftHostSlot() {
        return leftHostSlot;
    }

    private boolean deserves(int id, float margin) {
        if (device.hasRoom()) {
            return true;
        }
        int victim = deviceVictims.least();
        return victim != SlotMap.NONE
                && (chunks.pinned(id) || chunks.importance(id) > margin * chunks.importance(device.owner(victim)));
    }

    /** The chunk stays in the slot it passed through; whoever made room leaves a slot in exchange. */
    private void moveIn(int id, int slot) {
        if (device.hasRoom()) {
            leftDeviceSlot = SlotMap.NONE;
        } else {
            leftDeviceSlot = leaveDevice(device.owner(deviceVictims.least()));
        }
        device.keep(id, slot);
        mayLeave(id);
    }

    /** Takes a chunk from the device, moving it to the host if it deserves a place there; returns its slot, leased. */
    private int leaveDevice(int id) {
        deviceVictims.remove(device.slot(id));
        if (hosted.holds(id)) {
            counters.deviceEvictions++;
        } else if (mayCopyToHost && makeRoomInHost(id)) {
            copyToHost(id);
            counters.demotions++;
        } else if (backed) {
            counters.deviceEvictions++;
        } else {
            throw new IllegalStateException("the host is full, against the plan");
        }
        return device.evict(id);
    }

    private boolean makeRoomInHost(int id) {
        if (hosted.hasRoom()) {
            return true;
        }
        int victim = backed ? hostVictims.least() : SlotMap.NONE;
        if (victim == SlotMap.NONE) {
            return false;
        }
        int owner = hosted.owner(victim);
        // What the device has too is only kept here until the place is wanted.
        if (!device.holds(owner) && chunks.importance(id) <= chunks.importance(owner)) {
            return false;
        }
        leaveHost(owner);
        counters.hostEvictions++;
        return true;
    }

    private void leaveHost(int id) {
        hostVictims.remove(hosted.slot(id));
        hosted.release(id);
    }

    private void copyToHost(int id) {
        long start = System.nanoTime();
        int slot = hosted.take(id);
        pool.read(device.slot(id), scratch, 0);
        encode(scratch, 0, slot);
        hostVictims.add(slot, chunks.importance(id));
        counters.deviceToHostNanos += System.nanoTime() - start;
        counters.deviceToHostBytes += host.bytes(slot);
        counters.deviceToHostOperations++;
    }

    /** Ends a decoding step of all layers. */
    public void endStep() {
        float factor = chunks.endStep();
        if (factor != 1) {
            deviceVictims.scale(factor);
            hostVictims.scale(factor);
        }
    }

    /** Forgets all chunks. */
    public void reset() {
        device.clear();
        hosted.clear();
        deviceVictims.clear();
        hostVictims.clear();
    }

    @Override
    public void close() {
        pool.close();
        host.close();
    }
}
