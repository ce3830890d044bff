package io.longinfer.kernels.attention;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/**
 * Random keys, values and queries of one KV head, twice: as plain arrays, attended in double precision the straightforward
 * way, and as chunks scattered in a segment.
 */
final class AttentionFixture {
    final ChunkLayout layout;
    final int headDim;
    final int rows;
    final float scale;
    final float[] q;
    final ChunkList chunks = new ChunkList();
    private final float[][] keys;
    private final float[][] values;
    private final int[] positions;
    private int[] masks = {};

    /**
     * @param rows query rows; row r at {@code q[r * headDim]}
     * @param gaps leave out about half of the context's chunks, as selection does
     * @param scale of the queries: 1 gives scores of a standard deviation of about 1
     */
    AttentionFixture(Random random, int headDim, int rows, int chunkCount, boolean gaps, float scale) {
        this.headDim = headDim;
        this.rows = rows;
        this.scale = scale;
        layout = new ChunkLayout(headDim);
        q = new float[rows * headDim];
        for (int i = 0; i < q.length; i++) {
            q[i] = (float) (random.nextGaussian() * scale / Math.sqrt(headDim));
        }
        int tokens = chunkCount * ChunkLayout.TOKENS;
        keys = gaussian(random, tokens, headDim);
        values = gaussian(random, tokens, headDim);
        positions = new int[tokens];
        fillChunks(random, chunkCount, gaps);
    }

    private static float[][] gaussian(Random random, int rows, int columns) {
        float[][] x = new float[rows][columns];
        for (float[] row : x) {
            for (int j = 0; j < columns; j++) {
                row[j] = Float.float16ToFloat(Float.floatToFloat16((float) random.nextGaussian()));
            }
        }
        return x;
    }

    private void fillChunks(Random random, int chunkCount, boolean gaps) {
        // An odd start: nothing may assume alignment.
        MemorySegment memory = Arena.ofAuto().allocate(2 + (long) chunkCount * layout.sizeBytes());
        chunks.reset(memory);
        ScalarAttentionKernels scalar = new ScalarAttentionKernels();
        int position = 0;
        for (int c = 0; c < chunkCount; c++) {
            // Slots from the back to the front: nothing may assume order.
            long offset = 2 + (long) (chunkCount - 1 - c) * layout.sizeBytes();
            position += gaps && random.nextBoolean() ? 2 * ChunkLayout.TOKENS : 0;
            chunks.add(offset, position);
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                int token = c * ChunkLayout.TOKENS + t;
                positions[token] = position++;
                scalar.store(layout, keys[token], 0, values[token], 0, memory, offset, t);
            }
        }
    }

    /** Lets queries see no more than that many tokens from now on. */
    void limit(int window) {
        long[] offsets = new long[chunks.size()];
        int[] firstPositions = new int[chunks.size()];
        for (int c = 0; c < offsets.length; c++) {
            offsets[c] = chunks.offsetBytes(c);
            firstPositions[c] = chunks.firstPosition(c);
        }
        chunks.reset(chunks.memory(), window);
        for (int c = 0; c < offsets.length; c++) {
            chunks.add(offsets[c], firstPositions[c]);
        }
    }

    /** The position of a token. */
    int position(int token) {
        return positions[token];
    }

    /** Lets queries see random tokens of each chunk only: all of some, one of others. */
    void mask(Random random) {
        long[] offsets = new long[chunks.size()];
        int[] firstPositions = new int[chunks.size()];
        masks = new int[chunks.size()];
        for (int c = 0; c < offsets.length; c++) {
            offsets[c] = chunks.offsetBytes(c);
            firstPositions[c] = chunks.firstPosition(c);
            masks[c] = switch (random.nextInt(3)) {
                case 0 -> ChunkLayout.ALL_TOKENS;
                case 1 -> 1 << random.nextInt(ChunkLayout.TOKENS);
                default -> 1 + random.nextInt(ChunkLayout.ALL_TOKENS);
            };
        }
        chunks.reset(chunks.memory(), chunks.window());
        for (int c = 0; c < offsets.length; c++) {
            chunks.add(offsets[c], firstPositions[c], masks[c]);
        }
    }

    /** The position after the last token. */
    int end() {
        return positions.length == 0 ? 0 : positions[positions.length - 1] + 1;
    }

    /** A state of as many rows, reset. */
    AttentionState state() {
        AttentionState state = new AttentionState(rows, headDim);
        state.reset(rows);
        return state;
    }

    /** exp(score) of every token for one query row, 0 where it is not visible. */
    double[] weights(int row, int position) {
        double[] weights = new double[positions.length];
        for (int t = 0; t < positions.length; t++) {
            double score = 0;
            for (int j = 0; j < headDim; j++) {
                score += (double) q[row * headDim + j] * keys[t][j];
            }
            int distance = position - positions[t];
            boolean seen = masks.length == 0 || (masks[t / ChunkLayout.TOKENS] >> t % ChunkLayout.TOKENS & 1) == 1;
            weights[t] = seen && distance >= 0 && distance < chunks.window() ? Math.exp(score) : 0;
        }
        return weights;
    }

    /** Attention of one query row: the weighted mean of the values, zeros if nothing is visible. */
    double[] attend(int row, int position) {
        double[] weights = weights(row, position);
        double sum = 0;
        double[] out = new double[headDim];
        for (int t = 0; t < weights.length; t++) {
            sum += weights[t];
            for (int j = 0; j < headDim; j++) {
                out[j] += weights[t] * values[t][j];
            }
        }
        for (int j = 0; j < headDim; j++) {
            out[j] = sum == 0 ? 0 : out[j] / sum;
        }
        return out;
    }

    /** What a state's row comes to. */
    static double[] result(AttentionState state, int row) {
        double[] out = new double[state.headDim()];
        for (int j = 0; j < out.length; j++) {
            float sum = state.sum()[row];
            out[j] = sum == 0 ? 0 : state.accumulator()[row * out.length + j] / sum;
        }
        return out;
    }
}
