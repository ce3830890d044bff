package io.longinfer.kvcache.tier;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory for chunks: one arena, 4,096-aligned, of which each layer has a part. Slots may be used by several threads. */
public final class HostTier implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final int chunkBytes;

    /** Memory for {@code slots} chunks, zeroed. */
    public HostTier(ChunkLayout layout, long slots) {
        chunkBytes = layout.sizeBytes();
        memory = slots == 0 ? MemorySegment.NULL : arena.allocate(slots * chunkBytes, 4096);
    }

    MemorySegment memory() {
        return memory;
    }

    /** Where a slot starts in {@link #memory()}. */
    long offset(long slot) {
        return slot * chunkBytes;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
