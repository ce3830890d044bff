package io.longinfer.kvcache.tier;

import io.longinfer.kernels.device.KvPool;
import io.longinfer.kvcache.chunk.LayerChunks;

/** Where the chunks of one layer lie on device and host. Does not own the pool. Not thread-safe. */
public final class LayerTiers {
    private final int layer;
    private final LayerChunks chunks;
    private final KvPool pool;
    private final SlotMap device;
    private final SlotMap host;
    private final int transientSlots;
    private final long hostBase;

    /**
     * A layer without chunks.
     *
     * @param pool {@code deviceChunks + transientSlots} slots
     * @param hostChunks slots of the host tier that are this layer's
     * @param hostBase the first of them
     */
    public LayerTiers(
            int layer,
            LayerChunks chunks,
            KvPool pool,
            int deviceChunks,
            int transientSlots,
            int hostChunks,
            long hostBase) {
        this.layer = layer;
        this.chunks = chunks;
        this.pool = pool;
        this.transientSlots = transientSlots;
        this.hostBase = hostBase;
        device = new SlotMap(chunks.ids(), deviceChunks, transientSlots);
        host = new SlotMap(chunks.ids(), hostChunks, 0);
    }

    /** The layer. */
    public int layer() {
        return layer;
    }

    /** Its chunks. */
    public LayerChunks chunks() {
        return chunks;
    }

    KvPool pool() {
        return pool;
    }

    SlotMap device() {
        return device;
    }

    SlotMap host() {
        return host;
    }

    /** The host tier's slot of a chunk that lies there. */
    long hostSlot(int id) {
        return hostBase + host.slot(id);
    }

    int transientSlots() {
        return transientSlots;
    }

    /** Chunks kept on the device. */
    public int deviceSize() {
        return device.size();
    }

    /** Chunks kept in the host. */
    public int hostSize() {
        return host.size();
    }

    /** Forgets all chunks. */
    public void reset() {
        chunks.reset();
        device.clear();
        host.clear();
    }
}
