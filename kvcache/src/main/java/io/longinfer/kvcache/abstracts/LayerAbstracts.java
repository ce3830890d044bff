package io.longinfer.kvcache.abstracts;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.abstracts.ByteAbstractLayout;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.chunk.ChunkTree;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The abstracts of one layer: its leaves, some of them perhaps on disk only, and the inner nodes above them, which always lie in
 * memory. {@link #scoreNodes} and {@link #scoreLeaves} may run at once for different KV heads; all else is for one thread.
 */
public final class LayerAbstracts {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int kvHeads;
    private final int group;
    private final AbstractLayout layout;
    private final ByteAbstractLayout byteLayout;
    private final ChunkLayout chunkLayout;
    private final AbstractPrecision precision;
    private final AbstractKernels kernels;
    private final ChunkTree tree;
    private final LeafGroups leaves;
    private final MemorySegment sealed;
    private final float[] minima;
    private final float[] maxima;

    LayerAbstracts(
            int layer,
            DecoderShape shape,
            int chunksPerHead,
            int slots,
            AbstractPrecision precision,
            AbstractKernels kernels,
            Optional<LeafDisk> disk,
            Optional<PassingLeaves> passing,
            MemorySegment sealed,
            SegmentAllocator allocator) {
        this.precision = precision;
        this.kernels = kernels;
        this.sealed = sealed;
        kvHeads = shape.kvHeads();
        group = shape.group();
        layout = new AbstractLayout(shape.headDim());
        byteLayout = new ByteAbstractLayout(shape.headDim());
        chunkLayout = new ChunkLayout(shape.headDim());
        tree = new ChunkTree(shape.headDim(), kvHeads, chunksPerHead, allocator);
        int groups = AbstractLayout.groups(chunksPerHead);
        leaves = new LeafGroups(
                layer, shape.headDim(), kvHeads, groups, slots, precision, kernels, disk, passing, allocator);
        minima = new float[shape.headDim()];
        maxima = new float[shape.headDim()];
    }

    void append(ClosedChunks closed) {
        for (int head = 0; head < kvHeads; head++) {
            long chunkOffset = head * closed.headStrideBytes();
            for (int i = 0; i < closed.count(); i++) {
                append(head, closed.first() + i, closed.memory(), chunkOffset);
                chunkOffset += chunkLayout.sizeBytes();
            }
        }
    }

    private void append(int head, int chunk, MemorySegment memory, long chunkOffset) {
        int index = chunk % AbstractLayout.CHUNKS;
        long at = leaves.openOffset(head);
        kernels.update(chunkLayout, memory, chunkOffset, leaves.open(), at, index);
        leaves.encode(head, memory, chunkOffset, index);
        for (int j = 0; j < layout.headDim(); j++) {
            minima[j] = Float.float16ToFloat(leaves.open().get(FP16, at + layout.minOffset(j, index)));
            maxima[j] = Float.float16ToFloat(leaves.open().get(FP16, at + layout.maxOffset(j, index)));
        }
        tree.cover(head, chunk, minima, maxima);
        if (index == AbstractLayout.CHUNKS - 1) {
            leaves.seal(head, chunk / AbstractLayout.CHUNKS, sealed);
            if (precision != AbstractPrecision.FP16) {
                coverSealed(head, chunk - index);
            }
        }
    }

    /** Boxes grew when they were rounded to 8 bits: the ancestors grow with them. */
    private void coverSealed(int head, int first) {
        for (int i = 0; i < AbstractLayout.CHUNKS; i++) {
            for (int j = 0; j < layout.headDim(); j++) {
                minima[j] = byteLayout.min(sealed, 0, j, i);
                maxima[j] = byteLayout.max(sealed, 0, j, i);
            }
            tree.cover(head, first + i, minima, maxima);
        }
    }

    /** The highest level of the tree, at least 1. */
    public int levels() {
        return tree.levels();
    }

    /** Upper bounds over {@code groups} groups of inner nodes, {@code [group][stride]}. */
    public void scoreNodes(
            int level, int kvHead, int first, int groups, float[] q, int qOffset, float[] upper, int stride) {
        kernels.upperBounds(
                layout,
                tree.memory(),
                tree.groupOffset(level, kvHead, first),
                groups,
                q,
                qOffset,
                group,
                upper,
                0,
                stride);
    }

    /** Scores of the 16 leaves of a resident node of level 1, {@code [group][stride]}: no greater than their upper bounds. */
    public void scoreLeaves(int kvHead, int node, boolean use, float[] q, int qOffset, float[] scores, int stride) {
        leaves.score(kvHead, node, use, q, qOffset, group, scores, stride);
    }

    /** The same of the newest leaves, fewer than 16, which always lie in memory. */
    public void scoreNewest(int kvHead, float[] q, int qOffset, float[] scores, int stride) {
        leaves.scoreOpen(kvHead, q, qOffset, group, scores, stride);
    }

    /** The same of the first 16 leaves, if there are as many; they always lie in memory. */
    public void scoreFirst(int kvHead, float[] q, int qOffset, float[] scores, int stride) {
        leaves.scoreFirst(kvHead, q, qOffset, group, scores, stride);
    }

    /** Whether the leaves of a node of level 1 lie in memory. */
    public boolean resident(int kvHead, int node) {
        return leaves.resident(kvHead, node);
    }

    /** Most nodes whose leaves can be fetched at once. */
    public int fetchable() {
        return leaves.slots();
    }

    /** Asks for the leaves of a node. */
    public void want(int kvHead, int node) {
        leaves.want(kvHead, node);
    }

    /** Reads what was asked for since the last fetch, in one batch. */
    public void fetch() {
        leaves.fetch();
    }

    /** Starts a step. */
    public void beginStep() {
        leaves.beginStep();
    }

    /** Starts to read what the next step will likely score and memory does not hold. */
    void readAhead() {
        leaves.readAhead();
    }

    /** Ends a step. */
    public void endStep() {
        leaves.endStep();
    }

    /** Starts the counts of reads anew. */
    public void resetCounts() {
        leaves.resetCounts();
    }

    /** Groups of leaves read from disk. */
    public long readGroups() {
        return leaves.readGroups();
    }

    /** Bytes of a group of leaves. */
    public int leafGroupBytes() {
        return leaves.groupBytes();
    }

    void reset() {
        tree.reset();
        leaves.reset();
    }
}
