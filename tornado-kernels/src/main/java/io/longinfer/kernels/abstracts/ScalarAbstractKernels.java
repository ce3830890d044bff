package io.longinfer.kernels.abstracts;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The readable twin of abstracts: one chunk, one channel at a time. Stateless and thread-safe. */
public final class ScalarAbstractKernels implements AbstractKernels {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public void update(
            ChunkLayout layout,
            MemorySegment chunk,
            long chunkOffset,
            MemorySegment group,
            long groupOffset,
            int index) {
        AbstractLayout abstracts = new AbstractLayout(layout.headDim());
        for (int j = 0; j < layout.headDim(); j++) {
            float min = Float.POSITIVE_INFINITY;
            float max = Float.NEGATIVE_INFINITY;
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                float key = Float.float16ToFloat(chunk.get(FP16, chunkOffset + layout.keyOffset(j, t)));
                min = Math.min(min, key);
                max = Math.max(max, key);
            }
            group.set(FP16, groupOffset + abstracts.minOffset(j, index), Float.floatToFloat16(min));
            group.set(FP16, groupOffset + abstracts.maxOffset(j, index), Float.floatToFloat16(max));
        }
    }

    @Override
    public void upperBounds(
            AbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] upper,
            int upperOffset,
            int stride) {
        bounds(layout, abstracts, offsetBytes, groups, q, qOffset, heads, upper, upperOffset, stride, true);
    }

    @Override
    public void lowerBounds(
            AbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] lower,
            int lowerOffset,
            int stride) {
        bounds(layout, abstracts, offsetBytes, groups, q, qOffset, heads, lower, lowerOffset, stride, false);
    }

    @Override
    public void upperBounds(
            ByteAbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] upper,
            int upperOffset,
            int stride) {
        for (int h = 0; h < heads; h++) {
            int row = qOffset + h * layout.headDim();
            for (int chunk = 0; chunk < groups * AbstractLayout.CHUNKS; chunk++) {
                long group = offsetBytes + (long) (chunk / AbstractLayout.CHUNKS) * layout.groupBytes();
                int index = chunk % AbstractLayout.CHUNKS;
                float bound = 0;
                for (int j = 0; j < layout.headDim(); j++) {
                    float atMin = q[row + j] * layout.min(abstracts, group, j, index);
                    float atMax = q[row + j] * layout.max(abstracts, group, j, index);
                    bound += Math.max(atMin, atMax);
                }
                upper[upperOffset + h * stride + chunk] = bound;
            }
        }
    }

    @Override
    public void tokenScores(
            AbstractLayout layout,
            MemorySegment group,
            long groupOffset,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride) {
        upperBounds(layout, group, groupOffset, 1, q, qOffset, heads, scores, 0, stride);
        Box box = (j, i, max) -> Float.float16ToFloat(
                group.get(FP16, groupOffset + (max ? layout.maxOffset(j, i) : layout.minOffset(j, i))));
        refine(layout.headDim(), box, codes, codesOffset, q, qOffset, heads, scores, stride);
    }

    @Override
    public void tokenScores(
            ByteAbstractLayout layout,
            MemorySegment group,
            long groupOffset,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride) {
        upperBounds(layout, group, groupOffset, 1, q, qOffset, heads, scores, 0, stride);
        Box box = (j, i, max) -> max ? layout.max(group, groupOffset, j, i) : layout.min(group, groupOffset, j, i);
        refine(layout.headDim(), box, codes, codesOffset, q, qOffset, heads, scores, stride);
    }

    /** The minimum or maximum of a channel of a chunk of a group. */
    private interface Box {
        float edge(int channel, int index, boolean max);
    }

    private static void refine(
            int headDim,
            Box box,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride) {
        TokenCodeLayout layout = new TokenCodeLayout(headDim);
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < AbstractLayout.CHUNKS; i++) {
                float greatest = Float.NEGATIVE_INFINITY;
                for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                    float score = 0;
                    for (int j = 0; j < headDim; j++) {
                        int word = codes.get(
                                TokenCodeLayout.WORD,
                                codesOffset + (long) i * layout.chunkBytes() + (long) j * Integer.BYTES);
                        float min = box.edge(j, i, false);
                        float step = (box.edge(j, i, true) - min) / TokenCodeLayout.QUARTERS;
                        score += q[qOffset + h * headDim + j] * (min + (((word >> (2 * t)) & 3) + 0.5f) * step);
                    }
                    greatest = Math.max(greatest, score);
                }
                int at = h * stride + i;
                scores[at] = Math.min(scores[at], greatest);
            }
        }
    }

    private static void bounds(
            AbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] bounds,
            int boundsOffset,
            int stride,
            boolean upper) {
        for (int h = 0; h < heads; h++) {
            int row = qOffset + h * layout.headDim();
            for (int chunk = 0; chunk < groups * AbstractLayout.CHUNKS; chunk++) {
                long group = offsetBytes + (long) (chunk / AbstractLayout.CHUNKS) * layout.groupBytes();
                int index = chunk % AbstractLayout.CHUNKS;
                bounds[boundsOffset + h * stride + chunk] = bound(layout, abstracts, group, index, q, row, upper);
            }
        }
    }

    private static float bound(
            AbstractLayout layout,
            MemorySegment abstracts,
            long group,
            int index,
            float[] q,
            int qOffset,
            boolean upper) {
        float bound = 0;
        for (int j = 0; j < layout.headDim(); j++) {
            float atMin =
                    q[qOffset + j] * Float.float16ToFloat(abstracts.get(FP16, group + layout.minOffset(j, index)));
            float atMax =
                    q[qOffset + j] * Float.float16ToFloat(abstracts.get(FP16, group + layout.maxOffset(j, index)));
            bound += upper ? Math.max(atMin, atMax) : Math.min(atMin, atMax);
        }
        return bound;
    }
}
