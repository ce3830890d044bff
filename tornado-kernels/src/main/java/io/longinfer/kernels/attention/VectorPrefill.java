package io.longinfer.kernels.attention;

import static io.longinfer.kernels.vector.Lanes.COUNT;

import io.longinfer.kernels.vector.Exponential;
import io.longinfer.kernels.vector.HalfColumns;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention of a block of tokens, as one thread does it; holds the thread's scratch. Chunks are taken in waves that are
 * decoded once, into panels that stay in a second-level cache while all rows go by, {@link OuterProducts#ROWS} at a time:
 *
 * <pre>
 * keys    [16 tokens / COUNT of each chunk][headDim][COUNT]
 * values  [headDim / COUNT][tokens of the wave][COUNT]
 * scores  [ROWS][STRIDE], then weights
 * </pre>
 */
final class VectorPrefill {
    /** Chunks of a wave: for a head of 64, the panels take 128 KiB. */
    private static final int CHUNKS = 16;

    private static final int WAVE_TOKENS = CHUNKS * ChunkLayout.TOKENS;
    private static final int COLUMNS_PER_CHUNK = ChunkLayout.TOKENS / COUNT;

    /** Scores are computed in pairs of columns, of which the last may be one too many. */
    private static final int STRIDE = WAVE_TOKENS + COUNT;

    private static final int ROWS = OuterProducts.ROWS;

    private final Wave wave = new Wave(CHUNKS);
    private final float[] scores = new float[ROWS * STRIDE];
    private final int[] scoreRows = new int[ROWS];
    private final float[] factors = new float[ROWS];
    private final float[] lanes = new float[COUNT];
    private float[] keys = {};
    private float[] values = {};
    private float[] parts = {};

    // The rows in work: where their queries lie, which row of the state they are, at which position they stand.
    private final int[] queryRows = new int[ROWS];
    private final int[] stateRows = new int[ROWS];
    private final int[] positions = new int[ROWS];

    VectorPrefill() {
        for (int r = 0; r < ROWS; r++) {
            scoreRows[r] = r * STRIDE;
        }
    }

    void prefill(
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
        int headDim = layout.headDim();
        prepare(headDim);
        int next = 0;
        while (next < chunks.size()) {
            next = wave.gather(chunks, next, firstPosition, firstPosition + tokens - 1);
            decodeKeys(layout, chunks.memory());
            decodeValues(layout, chunks.memory());
            for (int row = 0; row < tokens * group; row += ROWS) {
                int rows = Math.min(ROWS, tokens * group - row);
                take(headDim, qOffset, qStride, group, firstPosition, stateRow, stateStride, row, rows);
                int seen = score(headDim, q);
                if (seen > 0) {
                    weighAndSum(headDim, seen, rows, state);
                }
            }
        }
    }

    void addColumnSums(
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
        int headDim = layout.headDim();
        prepare(headDim);
        int next = 0;
        while (next < chunks.size()) {
            next = wave.gather(chunks, next, firstPosition, firstPosition + tokens - 1);
            decodeKeys(layout, chunks.memory());
            for (int row = 0; row < tokens * group; row += ROWS) {
                int rows = Math.min(ROWS, tokens * group - row);
                take(headDim, qOffset, qStride, group, firstPosition, logRow, logStride, row, rows);
                int seen = score(headDim, q);
                for (int r = 0; r < rows && seen > 0; r++) {
                    Exponential.exp(scores, r * STRIDE, seen, 1, logSums[stateRows[r]], 1, lanes);
                    add(r * STRIDE, seen, chunks, sums);
                }
            }
        }
    }

    /** Adds a row's weights to the sums of their tokens. */
    private void add(int from, int seen, ChunkList chunks, float[] sums) {
        for (int c = 0; c * ChunkLayout.TOKENS < seen; c++) {
            int to = chunks.firstPosition(wave.place(c));
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                sums[to + t] += scores[from + c * ChunkLayout.TOKENS + t];
            }
        }
    }

    /** Takes rows into work, {@code rows} of them from {@code row}: a last block that is not full repeats its last row. */
    private void take(
            int headDim,
            int qOffset,
            int qStride,
            int group,
            int firstPosition,
            int stateRow,
            int stateStride,
            int row,
            int rows) {
        for (int r = 0; r < ROWS; r++) {
            int token = (row + Math.min(r, rows - 1)) / group;
            int head = (row + Math.min(r, rows - 1)) % group;
            queryRows[r] = qOffset + token * qStride + head * headDim;
            stateRows[r] = stateRow + token * stateStride + head;
            positions[r] = firstPosition + token;
        }
    }

    private void prepare(int headDim) {
        if (keys.length < WAVE_TOKENS * headDim) {
            keys = new float[WAVE_TOKENS * headDim];
            values = new float[WAVE_TOKENS * Softmax.columns(headDim) * COUNT];
            parts = new float[ROWS * Softmax.columns(headDim) * COUNT];
        }
    }

    private void decodeKeys(ChunkLayout layout, MemorySegment memory) {
        int column = 0;
        for (int c = 0; c < wave.size(); c++) {
            for (int part = 0; part < COLUMNS_PER_CHUNK; part++) {
                long from = wave.offsetBytes(c) + (long) part * COUNT * Short.BYTES;
                HalfColumns.decode(memory, from, ChunkLayout.TOKENS * Short.BYTES, layout.headDim(), keys, column);
                column += layout.headDim() * COUNT;
            }
        }
    }

    private void decodeValues(ChunkLayout layout, MemorySegment memory) {
        int headDim = layout.headDim();
        for (int c = 0; c < wave.size(); c++) {
            for (int column = 0; column * COUNT < headDim; column++) {
                long from = wave.offsetBytes(c)
                        + layout.keysBytes()
                        + (long) Softmax.firstChannel(headDim, column) * Short.BYTES;
                int to = (column * WAVE_TOKENS + c * ChunkLayout.TOKENS) * COUNT;
                HalfColumns.decode(memory, from, (long) headDim * Short.BYTES, ChunkLayout.TOKENS, values, to);
            }
        }
    }

    /** Scores the wave for the rows in work; returns how many of its tokens some row may see. */
    private int score(int headDim, float[] q) {
        int tokens = wave.prefix(positions[ROWS - 1]) * ChunkLayout.TOKENS;
        for (int t = 0; t < tokens; t += 2 * COUNT) {
            int first = t * headDim;
            // Half of the last pair may be one too many.
            int second = t + COUNT < tokens ? first + headDim * COUNT : first;
            OuterProducts.multiply(q, queryRows, keys, first, second, headDim, scores, t, STRIDE);
        }
        if (!wave.whollyVisible(positions[0], positions[ROWS - 1])) {
            mask(tokens);
        }
        return tokens;
    }

    private void mask(int tokens) {
        for (int c = 0; c * ChunkLayout.TOKENS < tokens; c++) {
            for (int r = 0; r < ROWS; r++) {
                int start = r * STRIDE + c * ChunkLayout.TOKENS;
                Arrays.fill(scores, start, start + wave.hidden(c, positions[r]), Softmax.MASKED);
                int visible = wave.visible(c, positions[r]);
                Arrays.fill(scores, start + visible, start + ChunkLayout.TOKENS, Softmax.MASKED);
            }
        }
    }

    private void weighAndSum(int headDim, int tokens, int rows, AttentionState state) {
        int partStride = Softmax.columns(headDim) * COUNT;
        for (int r = 0; r < rows; r++) {
            int row = stateRows[r];
            float max = Math.max(state.max()[row], Softmax.max(scores, r * STRIDE, tokens));
            factors[r] = Softmax.raise(state, row, max);
            state.sum()[row] += Exponential.exp(scores, r * STRIDE, tokens, 1, max, 1, lanes);
        }
        for (int column = 0; column * COUNT < partStride; column += 2) {
            int first = column * WAVE_TOKENS * COUNT;
            int second = first + WAVE_TOKENS * COUNT;
            OuterProducts.multiply(scores, scoreRows, values, first, second, tokens, parts, column * COUNT, partStride);
        }
        for (int r = 0; r < rows; r++) {
            Softmax.merge(state, stateRows[r], factors[r], parts, r * partStride, 1);
        }
    }
}
