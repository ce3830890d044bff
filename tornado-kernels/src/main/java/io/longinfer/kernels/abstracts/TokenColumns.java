package io.longinfer.kernels.abstracts;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;
import static io.longinfer.kernels.vector.Lanes.INTS;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Scores of tokens by their codes, 8 or 16 tokens side by side: {@code sum_j q_j (min_j + step_j / 2) + sum_j (q_j step_j)
 * quarter_j}, of which the first sum and the factors of the second are made for the 16 chunks of a group at once. Has scratch; not
 * thread-safe.
 */
final class TokenColumns {
    private static final int WIDTH = AbstractLayout.CHUNKS;
    private static final float STEP = 1f / TokenCodeLayout.QUARTERS;

    /** {@code [16 / COUNT]}: by how much the word of a channel is shifted so that a token's code comes first. */
    private final IntVector[] shifts = new IntVector[ChunkLayout.TOKENS / COUNT];

    /** {@code [heads][headDim][16]}: the factors of the codes. */
    private float[] factors = {};

    /** {@code [heads][16]}: what all tokens of a chunk score alike. */
    private float[] common = {};

    TokenColumns() {
        for (int part = 0; part < shifts.length; part++) {
            shifts[part] = IntVector.broadcast(INTS, 2 * part * COUNT)
                    .add(IntVector.zero(INTS).addIndex(2));
        }
    }

    /**
     * Lowers upper bounds to the greatest scores of tokens where those are less.
     *
     * @param panel {@code [2 headDim][16]}: minima, then maxima
     * @param scores {@code [heads][stride]}, 16 of each row
     */
    void lower(
            int headDim,
            float[] panel,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride) {
        if (common.length < heads * WIDTH || factors.length < heads * headDim * WIDTH) {
            common = new float[heads * WIDTH];
            factors = new float[heads * headDim * WIDTH];
        }
        for (int h = 0; h < heads; h++) {
            prepare(headDim, panel, q, qOffset + h * headDim, h);
        }
        long chunkBytes = new TokenCodeLayout(headDim).chunkBytes();
        for (int i = 0; i < WIDTH; i++) {
            long at = codesOffset + i * chunkBytes;
            for (int h = 0; h < heads; h += 2) {
                int second = Math.min(h + 1, heads - 1);
                two(headDim, codes, at, i, h, second, scores, stride);
            }
        }
    }

    private void prepare(int headDim, float[] panel, float[] q, int row, int head) {
        for (int column = 0; column < WIDTH; column += COUNT) {
            FloatVector sum = FloatVector.zero(FLOATS);
            for (int j = 0; j < headDim; j++) {
                FloatVector query = FloatVector.broadcast(FLOATS, q[row + j]);
                FloatVector min = FloatVector.fromArray(FLOATS, panel, j * WIDTH + column);
                FloatVector step = FloatVector.fromArray(FLOATS, panel, (headDim + j) * WIDTH + column)
                        .sub(min)
                        .mul(STEP);
                sum = step.mul(0.5f).add(min).fma(query, sum);
                step.mul(query).intoArray(factors, (head * headDim + j) * WIDTH + column);
            }
            sum.intoArray(common, head * WIDTH + column);
        }
    }

    private void two(
            int headDim, MemorySegment codes, long at, int chunk, int first, int second, float[] scores, int stride) {
        float[] by = factors;
        float most0 = Float.NEGATIVE_INFINITY;
        float most1 = Float.NEGATIVE_INFINITY;
        for (IntVector shift : shifts) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            int f0 = first * headDim * WIDTH + chunk;
            int f1 = second * headDim * WIDTH + chunk;
            for (int j = 0; j < headDim; j++) {
                int word = codes.get(TokenCodeLayout.WORD, at + (long) j * Integer.BYTES);
                FloatVector quarter = IntVector.broadcast(INTS, word)
                        .lanewise(VectorOperators.LSHR, shift)
                        .and(3)
                        .convertShape(VectorOperators.I2F, FLOATS, 0)
                        .reinterpretAsFloats();
                s0 = quarter.fma(FloatVector.broadcast(FLOATS, by[f0]), s0);
                s1 = quarter.fma(FloatVector.broadcast(FLOATS, by[f1]), s1);
                f0 += WIDTH;
                f1 += WIDTH;
            }
            most0 = Math.max(most0, s0.reduceLanes(VectorOperators.MAX));
            most1 = Math.max(most1, s1.reduceLanes(VectorOperators.MAX));
        }
        lower(scores, first * stride + chunk, most0 + common[first * WIDTH + chunk]);
        lower(scores, second * stride + chunk, most1 + common[second * WIDTH + chunk]);
    }

    private static void lower(float[] scores, int at, float score) {
        scores[at] = Math.min(scores[at], score);
    }
}
