package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/** Slots of a {@link CpuDevice}: one native segment, page-aligned, zeroed. */
final class CpuKvPool implements KvPool {
    private static final long ALIGNMENT = 4096;

    private final ChunkLayout layout;
    private final int slots;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final Optional<MemorySegment> mapped;

    CpuKvPool(ChunkLayout layout, int slots) {
        if (slots < 0) {
            throw new IllegalArgumentException("a pool cannot have " + slots + " slots");
        }
        this.layout = layout;
        this.slots = slots;
        memory = arena.allocate((long) slots * layout.sizeBytes(), ALIGNMENT);
        mapped = Optional.of(memory);
    }

    @Override
    public ChunkLayout layout() {
        return layout;
    }

    @Override
    public int slots() {
        return slots;
    }

    MemorySegment memory() {
        return memory;
    }

    long offsetBytes(int slot) {
        return (long) Objects.checkIndex(slot, slots) * layout.sizeBytes();
    }

    @Override
    public void write(int slot, MemorySegment source, long sourceOffset) {
        MemorySegment.copy(source, sourceOffset, memory, offsetBytes(slot), layout.sizeBytes());
    }

    @Override
    public void read(int slot, MemorySegment target, long targetOffset) {
        MemorySegment.copy(memory, offsetBytes(slot), target, targetOffset, layout.sizeBytes());
    }

    @Override
    public Optional<MemorySegment> mapped() {
        return mapped;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
