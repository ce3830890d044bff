package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

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

    /**
     * The memory of all slots, one behind the other, where the host may write to it in place; empty for a device with a memory
     * of its own.
     */
    default Optional<MemorySegment> mapped() {
        return Optional.empty();
    }

    @Override
    void close();
}
