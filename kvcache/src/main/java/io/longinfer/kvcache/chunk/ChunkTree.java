package io.longinfer.kvcache.chunk;

import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.abstracts.HalfRounding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The inner nodes of the chunk tree of one layer (IAKM, system.md section 4): level 0 are the leaves, which lie elsewhere; a
 * node of level k stands for 16 of level k - 1, so level 1 has 256 tokens a node, level 2 4,096. Levels go up to the first
 * that fits one group. Abstracts of siblings lie in one group of {@link AbstractLayout}, so that they are scored side by side.
 *
 * <p>A node's box holds its children's as they are stored, rounding included; so its bound is at least each child's. Memory
 * is the caller's. One thread writes; several may read between writes.
 */
public final class ChunkTree {
    /** Children of a node. */
    public static final int FAN_OUT = AbstractLayout.CHUNKS;

    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final AbstractLayout layout;
    private final int levels;
    /** {@code [levels + 1]}: groups of a head at each level; 0 for the leaves. */
    private final int[] groups;

    /** {@code [levels + 1]}: where a level's groups start, in groups. */
    private final long[] base;

    /** {@code [levels + 1][kvHeads]}: nodes that have a box. */
    private final int[][] nodes;

    private final MemorySegment memory;

    /** A tree without chunks. */
    public ChunkTree(int headDim, int kvHeads, int chunksPerHead, SegmentAllocator allocator) {
        layout = new AbstractLayout(headDim);
        levels = levels(chunksPerHead);
        groups = new int[levels + 1];
        base = new long[levels + 1];
        nodes = new int[levels + 1][kvHeads];
        long next = 0;
        for (int level = 1; level <= levels; level++) {
            groups[level] = groups(chunksPerHead, level);
            base[level] = next;
            next += (long) kvHeads * groups[level];
        }
        memory = allocator.allocate(next * layout.groupBytes(), 64);
    }

    private static int levels(int chunksPerHead) {
        int level = 1;
        while (groups(chunksPerHead, level) > 1) {
            level++;
        }
        return level;
    }

    private static int groups(int chunksPerHead, int level) {
        return Math.max(1, Math.ceilDiv(nodes(chunksPerHead, level), FAN_OUT));
    }

    /** Nodes of a level that stand for {@code leaves} leaves. */
    public static int nodes(int leaves, int level) {
        return (int) ((leaves + (1L << (4 * level)) - 1) >> (4 * level));
    }

    /** Bytes of a layer's tree. */
    public static long sizeBytes(int headDim, int kvHeads, int chunksPerHead) {
        long all = 0;
        for (int level = 1; level <= levels(chunksPerHead); level++) {
            all += groups(chunksPerHead, level);
        }
        return kvHeads * all * new AbstractLayout(headDim).groupBytes();
    }

    /** The highest level, at least 1. */
    public int levels() {
        return levels;
    }

    /** Where the groups lie. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where a group of siblings lies, in bytes; the groups of a (level, head) are contiguous. */
    public long groupOffset(int level, int kvHead, int group) {
        return (base[level] + (long) kvHead * groups[level] + group) * layout.groupBytes();
    }

    /**
     * Widens all ancestors of a leaf to hold its box, in O(levels). Called once for each leaf in order, and again if its box
     * grew.
     *
     * @param minima {@code [headDim]}
     * @param maxima {@code [headDim]}
     */
    public void cover(int kvHead, int leaf, float[] minima, float[] maxima) {
        for (int level = 1; level <= levels; level++) {
            int node = leaf >> (4 * level);
            boolean fresh = node == nodes[level][kvHead];
            if (fresh) {
                nodes[level][kvHead]++;
            }
            long at = groupOffset(level, kvHead, node / FAN_OUT);
            int index = node % FAN_OUT;
            for (int j = 0; j < layout.headDim(); j++) {
                long minimum = at + layout.minOffset(j, index);
                long maximum = at + layout.maxOffset(j, index);
                if (fresh || minima[j] < half(minimum)) {
                    memory.set(FP16, minimum, HalfRounding.down(minima[j]));
                }
                if (fresh || maxima[j] > half(maximum)) {
                    memory.set(FP16, maximum, HalfRounding.up(maxima[j]));
                }
            }
        }
    }

    private float half(long offset) {
        return Float.float16ToFloat(memory.get(FP16, offset));
    }

    /** Forgets all nodes. */
    public void reset() {
        memory.fill((byte) 0);
        for (int[] level : nodes) {
            Arrays.fill(level, 0);
        }
    }
}
