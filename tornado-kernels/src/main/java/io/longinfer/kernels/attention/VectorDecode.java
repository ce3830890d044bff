package io.longinfer.kernels.attention;

import static io.longinfer.kernels.vector.Lanes.COUNT;

import io.longinfer.kernels.vector.Exponential;
import io.longinfer.kernels.vector.HalfColumns;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention of one token, as one thread does it; holds the thread's scratch. Chunks are taken in waves whose scores, then
 * weights, stay in a near cache: {@code [group][STRIDE]}.
 *
 * <p>Keys and values are used as {@link HalfColumns} decodes them: the factor that they lack is made up for half in the
 * queries and half in the scores, half in the weights and half in the sums of values.
 */
final class VectorDecode {
    /** Chunks of a wave: for a head of 64 and a group of 4, values take 64 KiB and scores 8 KiB. */
    private static final int CHUNKS = 32;

    private static final int COLUMNS_PER_CHUNK = ChunkLayout.TOKENS / COUNT;

    /** Scores are computed in pairs of columns, of which the last may be one too many. */
    private static final int STRIDE = CHUNKS * ChunkLayout.TOKENS + COUNT;

    private static final float SCALE = HalfColumns.HALF_SCALE;

    private final Wave wave = new Wave(CHUNKS);
    private final HalfColumns pairs = new HalfColumns();
    private final float[] lanes = new float[COUNT];
    private float[] queries = {};
    private float[] scores = {};
    private float[] factors = {};
    private float[] parts = {};

    /** @param places of {@code mass} that a chunk has: 1, or one for each token */
    void decode(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int group,
            int position,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            float[] mass,
            int places) {
        int partStride = Softmax.columns(layout.headDim()) * COUNT;
        prepare(q, qOffset, group, layout.headDim(), partStride);
        if (mass != null) {
            Arrays.fill(mass, 0, group * chunks.size() * places, 0f);
        }
        int next = 0;
        while (next < chunks.size()) {
            int from = next;
            next = wave.gather(chunks, from, position, position);
            if (wave.size() == 0) {
                continue;
            }
            score(layout, chunks.memory(), group);
            mask(group, position);
            if (wave.masked()) {
                leaveOut(group);
            }
            for (int g = 0; g < group; g++) {
                weigh(g, state, stateRow + g);
                if (mass != null) {
                    recordMass(g, mass, g * chunks.size() * places, from, places);
                }
            }
            sumValues(layout, chunks.memory(), group, partStride);
            for (int g = 0; g < group; g++) {
                Softmax.merge(state, stateRow + g, factors[g], parts, g * partStride, SCALE);
            }
        }
    }

    private void prepare(float[] q, int qOffset, int group, int headDim, int partStride) {
        if (queries.length < group * headDim || factors.length < group || parts.length < group * partStride) {
            queries = new float[group * headDim];
            scores = new float[group * STRIDE];
            factors = new float[group];
            parts = new float[group * partStride];
        }
        for (int i = 0; i < group * headDim; i++) {
            queries[i] = q[qOffset + i] * SCALE;
        }
    }

    private void score(ChunkLayout layout, MemorySegment memory, int group) {
        int columns = wave.size() * COLUMNS_PER_CHUNK;
        for (int g = 0; g < group; g++) {
            Arrays.fill(scores, g * STRIDE, g * STRIDE + columns * COUNT + COUNT, 0f);
        }
        pairs.blocks(memory, ChunkLayout.TOKENS * Short.BYTES, layout.headDim());
        for (int column = 0; column < columns; column += 2) {
            int chunk = column / COLUMNS_PER_CHUNK;
            long start = wave.offsetBytes(chunk);
            pairs.at(wave.offsets(), chunk, chunk + 1);
            pairs.pair(keyColumn(column) - start, keyColumn(Math.min(column + 1, columns - 1)) - start);
            pairs.multiply(group, queries, 0, layout.headDim(), scores, column * COUNT, STRIDE);
        }
    }

    private long keyColumn(int column) {
        return wave.offsetBytes(column / COLUMNS_PER_CHUNK) + (long) (column % COLUMNS_PER_CHUNK) * COUNT * Short.BYTES;
    }

    private void mask(int group, int position) {
        if (wave.whollyVisible(position, position)) {
            return;
        }
        for (int c = 0; c < wave.size(); c++) {
            int hidden = wave.hidden(c, position);
            int visible = wave.visible(c, position);
            for (int g = 0; g < group; g++) {
                int start = g * STRIDE + c * ChunkLayout.TOKENS;
                Arrays.fill(scores, start, start + hidden, Softmax.MASKED / SCALE);
                Arrays.fill(scores, start + visible, start + ChunkLayout.TOKENS, Softmax.MASKED / SCALE);
            }
        }
    }

    /** Hides the tokens that chunks' masks leave out. */
    private void leaveOut(int group) {
        for (int c = 0; c < wave.size(); c++) {
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                if ((wave.mask(c) >> t & 1) == 0) {
                    for (int g = 0; g < group; g++) {
                        scores[g * STRIDE + c * ChunkLayout.TOKENS + t] = Softmax.MASKED / SCALE;
                    }
                }
            }
        }
    }

    /** Makes weights of the scores of one row. */
    private void weigh(int g, AttentionState state, int row) {
        int tokens = wave.size() * ChunkLayout.TOKENS;
        float max = Math.max(state.max()[row], Softmax.max(scores, g * STRIDE, tokens) * SCALE);
        factors[g] = Softmax.raise(state, row, max);
        state.sum()[row] += Exponential.exp(scores, g * STRIDE, tokens, SCALE, max, SCALE, lanes);
    }

    /** Adds up each chunk's weights, or keeps them; those of the waves before follow the new maximum. */
    private void recordMass(int g, float[] mass, int massOffset, int before, int places) {
        if (factors[g] != 1) {
            for (int i = 0; i < before * places; i++) {
                mass[massOffset + i] *= factors[g];
            }
        }
        for (int c = 0; c < wave.size(); c++) {
            int from = g * STRIDE + c * ChunkLayout.TOKENS;
            int to = massOffset + wave.place(c) * places;
            if (places == 1) {
                mass[to] = Softmax.sum(scores, from, ChunkLayout.TOKENS, lanes) / SCALE;
            } else {
                for (int t = 0; t < places; t++) {
                    mass[to + t] = scores[from + t] / SCALE;
                }
            }
        }
    }

    private void sumValues(ChunkLayout layout, MemorySegment memory, int group, int partStride) {
        int headDim = layout.headDim();
        Arrays.fill(parts, 0, group * partStride, 0f);
        pairs.blocks(memory, (long) headDim * Short.BYTES, ChunkLayout.TOKENS);
        pairs.at(wave.offsets(), 0, wave.size());
        for (int column = 0; column * COUNT < partStride; column += 2) {
            pairs.pair(valueColumn(layout, column), valueColumn(layout, column + 1));
            pairs.multiply(group, scores, 0, STRIDE, parts, column * COUNT, partStride);
        }
    }

    private static long valueColumn(ChunkLayout layout, int column) {
        return layout.keysBytes() + (long) Softmax.firstChannel(layout.headDim(), column) * Short.BYTES;
    }
}
