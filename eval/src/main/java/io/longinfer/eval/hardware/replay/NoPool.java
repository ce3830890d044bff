package io.longinfer.eval.hardware.replay;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.KvPool;
import java.lang.foreign.MemorySegment;

/** Slots without memory: where chunks would lie. */
record NoPool(ChunkLayout layout, int slots) implements KvPool {
    @Override
    public void write(int slot, MemorySegment source, long sourceOffset) {}

    @Override
    public void read(int slot, MemorySegment target, long targetOffset) {}

    @Override
    public void close() {}
}
