package io.longinfer.kvcache;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.KvPoolSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Lends memory, and knows how much. */
final class FakeDevice implements KvPoolSource {
    final List<FakePool> pools = new ArrayList<>();

    /** Whether the memory of pools can be looked at. */
    boolean mapped;

    @Override
    public KvPool allocatePool(ChunkLayout layout, int slots) {
        FakePool pool = new FakePool(layout, slots, mapped);
        pools.add(pool);
        return pool;
    }

    /** Bytes of pools that are open. */
    long openBytes() {
        return pools.stream()
                .filter(pool -> !pool.closed)
                .mapToLong(pool -> (long) pool.slots() * pool.layout().sizeBytes())
                .sum();
    }

    static final class FakePool implements KvPool {
        private final ChunkLayout layout;
        private final int slots;
        private final boolean mapped;
        private final Arena arena = Arena.ofShared();
        final MemorySegment memory;
        boolean closed;

        FakePool(ChunkLayout layout, int slots, boolean mapped) {
            this.layout = layout;
            this.slots = slots;
            this.mapped = mapped;
            memory = arena.allocate((long) slots * layout.sizeBytes(), 4096);
        }

        @Override
        public ChunkLayout layout() {
            return layout;
        }

        @Override
        public int slots() {
            return slots;
        }

        long offset(int slot) {
            if (slot < 0 || slot >= slots) {
                throw new IndexOutOfBoundsException("slot " + slot + " of " + slots);
            }
            return (long) slot * layout.sizeBytes();
        }

        @Override
        public void write(int slot, MemorySegment source, long sourceOffset) {
            MemorySegment.copy(source, sourceOffset, memory, offset(slot), layout.sizeBytes());
        }

        @Override
        public void read(int slot, MemorySegment target, long targetOffset) {
            MemorySegment.copy(memory, offset(slot), target, targetOffset, layout.sizeBytes());
        }

        @Override
        public Optional<MemorySegment> mapped() {
            return mapped ? Optional.of(memory) : Optional.empty();
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                arena.close();
            }
        }
    }
}
