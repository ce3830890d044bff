package io.longinfer.kernels.attention;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The readable twin of attention: one row, one token, one channel at a time. Every score is computed twice, once for the
 * maximum and once for its weight, so that no scratch is needed. Stateless and thread-safe.
 */
public final class ScalarAttentionKernels implements AttentionKernels {
    /** Keys and values beyond the range of fp16 are stored as its largest number: an infinity would poison the row. */
    static final float LARGEST_FP16 = 65504f;

    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public void decode(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int group,
            int position,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            float[] mass) {
        for (int g = 0; g < group; g++) {
            int row = qOffset + g * layout.headDim();
            attendRow(layout, q, row, position, chunks, state, stateRow + g, mass, g * chunks.size(), 1);
        }
    }

    @Override
    public void decodeByToken(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int group,
            int position,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            float[] weights) {
        int places = ChunkLayout.TOKENS;
        for (int g = 0; g < group; g++) {
            int row = qOffset + g * layout.headDim();
            int first = g * chunks.size() * places;
            attendRow(layout, q, row, position, chunks, state, stateRow + g, weights, first, places);
        }
    }

    @Override
    public void prefill(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int qStride,
            int group,
            int tokens,
            int firstPosition,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            int stateStride) {
        for (int t = 0; t < tokens; t++) {
            for (int g = 0; g < group; g++) {
                int row = qOffset + t * qStride + g * layout.headDim();
                int stateIndex = stateRow + t * stateStride + g;
                attendRow(layout, q, row, firstPosition + t, chunks, state, stateIndex, null, 0, 1);
            }
        }
    }

    @Override
    public void addColumnSums(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int qStride,
            int group,
            int tokens,
            int firstPosition,
            ChunkList chunks,
            float[] logSums,
            int logRow,
            int logStride,
            float[] sums) {
        for (int row = 0; row < tokens * group; row++) {
            int t = row / group;
            int g = row % group;
            int query = qOffset + t * qStride + g * layout.headDim();
            float logSum = logSums[logRow + t * logStride + g];
            for (int c = 0; c < chunks.size(); c++) {
                int end = visible(chunks, c, firstPosition + t);
                for (int token = hidden(chunks, c, firstPosition + t); token < end; token++) {
                    float score = score(layout, q, query, chunks.memory(), chunks.offsetBytes(c), token);
                    sums[chunks.firstPosition(c) + token] += (float) Math.exp(score - logSum);
                }
            }
        }
    }

    @Override
    public void store(
            ChunkLayout layout,
            float[] keys,
            int keysOffset,
            float[] values,
            int valuesOffset,
            MemorySegment slot,
            long offsetBytes,
            int token) {
        for (int j = 0; j < layout.headDim(); j++) {
            slot.set(FP16, offsetBytes + layout.keyOffset(j, token), round(keys[keysOffset + j]));
            slot.set(FP16, offsetBytes + layout.valueOffset(token, j), round(values[valuesOffset + j]));
        }
    }

    @Override
    public void scores(
            int channels,
            float[] q,
            int qOffset,
            int group,
            MemorySegment keys,
            long offsetBytes,
            int chunks,
            float[] scores,
            int stride) {
        for (int g = 0; g < group; g++) {
            for (int token = 0; token < chunks * ChunkLayout.TOKENS; token++) {
                long chunk =
                        offsetBytes + (long) (token / ChunkLayout.TOKENS) * channels * ChunkLayout.TOKENS * Short.BYTES;
                float score = 0;
                for (int j = 0; j < channels; j++) {
                    long at = chunk + ((long) j * ChunkLayout.TOKENS + token % ChunkLayout.TOKENS) * Short.BYTES;
                    score += q[qOffset + g * channels + j] * Float.float16ToFloat(keys.get(FP16, at));
                }
                scores[g * stride + token] = score;
            }
        }
    }

    private static short round(float x) {
        return Float.floatToFloat16(Math.clamp(x, -LARGEST_FP16, LARGEST_FP16));
    }

    /** @param places of {@code mass} that a chunk has: 1, or one for each token */
    private static void attendRow(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int position,
            ChunkList chunks,
            AttentionState state,
            int row,
            float[] mass,
            int massOffset,
            int places) {
        float max = state.max()[row];
        for (int c = 0; c < chunks.size(); c++) {
            for (int t = hidden(chunks, c, position); t < visible(chunks, c, position); t++) {
                if ((chunks.mask(c) >> t & 1) == 1) {
                    max = Math.max(max, score(layout, q, qOffset, chunks.memory(), chunks.offsetBytes(c), t));
                }
            }
        }
        rescale(state, row, max);
        if (mass != null) {
            Arrays.fill(mass, massOffset, massOffset + chunks.size() * places, 0f);
        }
        for (int c = 0; c < chunks.size(); c++) {
            for (int t = hidden(chunks, c, position); t < visible(chunks, c, position); t++) {
                if ((chunks.mask(c) >> t & 1) == 0) {
                    continue;
                }
                float score = score(layout, q, qOffset, chunks.memory(), chunks.offsetBytes(c), t);
                float weight = (float) Math.exp(score - max);
                state.sum()[row] += weight;
                if (mass != null) {
                    mass[massOffset + c * places + t % places] += weight;
                }
                accumulate(layout, weight, chunks.memory(), chunks.offsetBytes(c), t, state, row);
            }
        }
    }

    /** Tokens of chunk {@code c} up to the position of a query. */
    private static int visible(ChunkList chunks, int c, int position) {
        return Math.clamp((long) position - chunks.firstPosition(c) + 1, 0, ChunkLayout.TOKENS);
    }

    /** Tokens at the beginning of chunk {@code c} that lie before the window of a query at {@code position}. */
    private static int hidden(ChunkList chunks, int c, int position) {
        return Math.clamp((long) position - chunks.window() + 1 - chunks.firstPosition(c), 0, ChunkLayout.TOKENS);
    }

    private static float score(
            ChunkLayout layout, float[] q, int qOffset, MemorySegment memory, long chunk, int token) {
        float score = 0;
        for (int j = 0; j < layout.headDim(); j++) {
            float key = Float.float16ToFloat(memory.get(FP16, chunk + layout.keyOffset(j, token)));
            score += q[qOffset + j] * key;
        }
        return score;
    }

    private static void accumulate(
            ChunkLayout layout,
            float weight,
            MemorySegment memory,
            long chunk,
            int token,
            AttentionState state,
            int row) {
        for (int j = 0; j < layout.headDim(); j++) {
            float value = Float.float16ToFloat(memory.get(FP16, chunk + layout.valueOffset(token, j)));
            state.accumulator()[row * layout.headDim() + j] += weight * value;
        }
    }

    /** Makes the row's sums relative to a new, not smaller maximum. */
    private static void rescale(AttentionState state, int row, float max) {
        float scale = (float) Math.exp(state.max()[row] - max);
        state.max()[row] = max;
        state.sum()[row] *= scale;
        for (int j = 0; j < state.headDim(); j++) {
            state.accumulator()[row * state.headDim() + j] *= scale;
        }
    }
}
