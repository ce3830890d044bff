package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;

/** Lends memory for KV chunks on a device. */
public interface KvPoolSource {
    /**
     * Reserves slots for chunks, zeroed. Closed by the caller.
     *
     * @throws IllegalArgumentException if that many slots cannot be
     * @throws IllegalStateException if it is too late to reserve memory on this device
     */
    KvPool allocatePool(ChunkLayout layout, int slots);
}
