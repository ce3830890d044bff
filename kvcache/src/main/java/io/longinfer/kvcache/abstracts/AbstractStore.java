package io.longinfer.kvcache.abstracts;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.chunk.ChunkTree;
import io.longinfer.kvcache.disk.DiskStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The abstracts of one sequence's closed chunks (LKA, system.md section 4), layer by layer: inner nodes and growing groups in
 * memory, full groups of leaves in as many slots as the plan gives, all of them also on disk where that is fewer than all.
 *
 * <p>Memory is native, as the kernels of the CPU device read it in place; which budget it counts against is the plan's
 * decision. Used by one thread, scoring apart; does not own the disk store. Close it once nothing uses it.
 */
public final class AbstractStore implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final List<Optional<LayerAbstracts>> layers = new ArrayList<>();
    private final Optional<PassingLeaves> passing;

    /**
     * Memory for the abstracts of {@code chunksPerHead} chunks.
     *
     * @param leafSlots {@code [layers]}: full groups of leaves in memory, the KV heads of a layer together; 0 for a layer
     *     without abstracts, {@link #allLeafSlots} for all of them
     * @param passingSlots full groups of leaves that can pass through memory, shared by all layers; 0 for none
     * @param disk present if a layer has fewer slots than groups
     */
    public AbstractStore(
            DecoderShape shape,
            int chunksPerHead,
            List<Integer> leafSlots,
            int passingSlots,
            AbstractPrecision precision,
            Optional<DiskStore> disk,
            AbstractKernels kernels) {
        this(
                shape,
                chunksPerHead,
                leafSlots,
                passingSlots,
                precision,
                kernels,
                disk.map(store -> new StoreLeafDisk(store, precision.groupBytes(shape.headDim()))));
    }

    AbstractStore(
            DecoderShape shape,
            int chunksPerHead,
            List<Integer> leafSlots,
            int passingSlots,
            AbstractPrecision precision,
            AbstractKernels kernels,
            Optional<LeafDisk> disk) {
        int groupBytes = precision.groupBytes(shape.headDim());
        passing = passingSlots == 0
                ? Optional.empty()
                : disk.map(d -> new PassingLeaves(passingSlots, groupBytes, d, arena));
        MemorySegment sealed = arena.allocate(groupBytes, 64);
        for (int layer = 0; layer < leafSlots.size(); layer++) {
            int slots = leafSlots.get(layer);
            layers.add(
                    slots == 0
                            ? Optional.empty()
                            : Optional.of(new LayerAbstracts(
                                    layer,
                                    shape,
                                    chunksPerHead,
                                    slots,
                                    precision,
                                    kernels,
                                    disk,
                                    passing,
                                    sealed,
                                    arena)));
        }
    }

    /** Groups of leaves of a layer, its KV heads together: slots for these keep everything in memory. */
    public static int allLeafSlots(DecoderShape shape, int chunksPerHead) {
        return Math.multiplyExact(shape.kvHeads(), AbstractLayout.groups(chunksPerHead));
    }

    /** Bytes of one slot. */
    public static long leafSlotBytes(DecoderShape shape, AbstractPrecision precision) {
        return precision.groupBytes(shape.headDim());
    }

    /** Bytes of what a layer with abstracts always has in memory: inner nodes, growing groups and the first ones. */
    public static long upperBytes(DecoderShape shape, int chunksPerHead, AbstractPrecision precision) {
        return ChunkTree.sizeBytes(shape.headDim(), shape.kvHeads(), chunksPerHead)
                + LeafGroups.fixedBytes(shape.headDim(), shape.kvHeads(), precision);
    }

    /** The abstracts of a layer; none if it attends everything. */
    public Optional<LayerAbstracts> layer(int layer) {
        return layers.get(layer);
    }

    /** Adds the abstracts of chunks that were closed, in order. */
    public void append(int layer, ClosedChunks closed) {
        if (layers.get(layer).isPresent()) {
            layers.get(layer).get().append(closed);
        }
    }

    /**
     * Starts to read the leaves that a layer's next step will likely score and memory does not hold: those that its last step
     * did. No other layer may be in a step.
     */
    public void readAhead(int layer) {
        layers.get(layer).ifPresent(LayerAbstracts::readAhead);
    }

    /** Forgets all abstracts. */
    public void reset() {
        passing.ifPresent(PassingLeaves::forget);
        layers.forEach(layer -> layer.ifPresent(LayerAbstracts::reset));
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            passing.ifPresent(PassingLeaves::forget);
            arena.close();
        }
    }
}
