package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;

/**
 * Slots for closed chunks in a device's memory. Which chunk lies in which slot is the scheduler's business. Writes become
 * visible to the next {@code attend}. Methods on different slots may be called by several threads at once; closing is the
 * owner's task and idempotent, use after it throws.
 */
public interface KvPool extends AutoCloseable {
    /** How a chunk lies in a slot. */
    ChunkLayout layout();

    /** Number of slots. */
    int slots();

    /** Copies one chunk from host memory into a slot. */
    void write(int slot, MemorySegment source, long sourceOffset);

    /** Copies one chunk from a slot into host memory. */
    void read(int slot, MemorySegment target, long targetOffset);

    @Override
    void close();
}
