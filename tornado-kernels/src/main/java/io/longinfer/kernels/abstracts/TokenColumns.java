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
 * thread-safe. Not for vectors of 4.
 *
 * <p>Vectors are constants of the class or local: one that comes from a field or an argument is unpacked in every round of a loop.
 */
final class TokenColumns {
    private static final int WIDTH = AbstractLayout.CHUNKS;
    private static final float STEP = 1f / TokenCodeLayout.QUARTERS;

    /** Tokens whose codes lie in half a word. They are cut out by a mask, not shifted: sums are scaled once, at the end. */
    private static final int HALF = ChunkLayout.TOKENS / 2;

    private static final int HALF_BITS = Integer.SIZE / 2;

    /** {@code [COUNT]}: the place of a token's code in its half of the word. */
    private static final IntVector MASK;

    /** {@code [COUNT]}: by what a code is too great for its place. */
    private static final FloatVector SCALE;

    /** {@code [COUNT]}: brings each token's half of the word down, where one vector holds both. */
    private static final IntVector SHIFT;

    static {
        int[] masks = new int[COUNT];
        int[] shifts = new int[COUNT];
        float[] scales = new float[COUNT];
        for (int t = 0; t < COUNT; t++) {
            masks[t] = 3 << (2 * (t % HALF));
            shifts[t] = t / HALF * HALF_BITS;
            scales[t] = 1f / (1 << (2 * (t % HALF)));
        }
        MASK = IntVector.fromArray(INTS, masks, 0);
        SHIFT = IntVector.fromArray(INTS, shifts, 0);
        SCALE = FloatVector.fromArray(FLOATS, scales, 0);
    }

    /** {@code [heads][headDim][16]}: the factors of the codes. */
    private float[] factors = {};

    /** {@code [heads][16]}: what all tokens of a chunk score alike. */
    private float[] common = {};

    /** {@code [3][16]}: of each head, what the codes of each token of a chunk add. */
    private final float[] sums = new float[3 * WIDTH];

    /** {@code [16][headDim]}: codes of a group. */
    private int[] words = {};

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
        if (common.length < heads * WIDTH
                || factors.length < heads * headDim * WIDTH
                || words.length < headDim * WIDTH) {
            common = new float[heads * WIDTH];
            factors = new float[heads * headDim * WIDTH];
            words = new int[headDim * WIDTH];
        }
        for (int h = 0; h < heads; h++) {
            prepare(headDim, panel, q, qOffset + h * headDim, h);
        }
        MemorySegment.copy(codes, TokenCodeLayout.WORD, codesOffset, words, 0, headDim * WIDTH);
        for (int i = 0; i < WIDTH; i++) {
            int h = 0;
            while (h < heads) {
                int left = heads - h;
                if (left == 3 || left > 4) {
                    three(headDim, i, h, scores, stride);
                    h += 3;
                } else {
                    two(headDim, i, h, Math.min(h + 1, heads - 1), scores, stride);
                    h += 2;
                }
            }
        }
    }

    private void prepare(int headDim, float[] panel, float[] q, int row, int head) {
        float[] to = factors;
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = sum0;
        int low = 0;
        int high = headDim * WIDTH;
        int factor = head * headDim * WIDTH;
        for (int j = 0; j < headDim; j++) {
            FloatVector query = FloatVector.broadcast(FLOATS, q[row + j]);
            FloatVector min = FloatVector.fromArray(FLOATS, panel, low);
            FloatVector step =
                    FloatVector.fromArray(FLOATS, panel, high).sub(min).mul(STEP);
            sum0 = step.mul(0.5f).add(min).fma(query, sum0);
            step.mul(query).intoArray(to, factor);
            if (COUNT < WIDTH) {
                min = FloatVector.fromArray(FLOATS, panel, low + COUNT);
                step = FloatVector.fromArray(FLOATS, panel, high + COUNT)
                        .sub(min)
                        .mul(STEP);
                sum1 = step.mul(0.5f).add(min).fma(query, sum1);
                step.mul(query).intoArray(to, factor + COUNT);
            }
            low += WIDTH;
            high += WIDTH;
            factor += WIDTH;
        }
        sum0.intoArray(common, head * WIDTH);
        if (COUNT < WIDTH) {
            sum1.intoArray(common, head * WIDTH + COUNT);
        }
    }

    private void two(int headDim, int chunk, int first, int second, float[] scores, int stride) {
        float[] by = factors;
        int[] of = words;
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector b0 = a0;
        FloatVector a1 = a0;
        FloatVector b1 = a0;
        int word = chunk * headDim;
        int f0 = first * headDim * WIDTH + chunk;
        int f1 = second * headDim * WIDTH + chunk;
        for (int j = 0; j < headDim; j++) {
            IntVector codes = IntVector.broadcast(INTS, of[word + j]);
            FloatVector by0 = FloatVector.broadcast(FLOATS, by[f0]);
            FloatVector by1 = FloatVector.broadcast(FLOATS, by[f1]);
            IntVector low = COUNT <= HALF ? codes : codes.lanewise(VectorOperators.LSHR, SHIFT);
            FloatVector quarter =
                    low.and(MASK).convertShape(VectorOperators.I2F, FLOATS, 0).reinterpretAsFloats();
            a0 = quarter.fma(by0, a0);
            a1 = quarter.fma(by1, a1);
            if (COUNT < ChunkLayout.TOKENS) {
                quarter = codes.lanewise(VectorOperators.LSHR, HALF_BITS)
                        .and(MASK)
                        .convertShape(VectorOperators.I2F, FLOATS, 0)
                        .reinterpretAsFloats();
                b0 = quarter.fma(by0, b0);
                b1 = quarter.fma(by1, b1);
            }
            f0 += WIDTH;
            f1 += WIDTH;
        }
        float[] to = sums;
        a0.mul(SCALE).intoArray(to, 0);
        a1.mul(SCALE).intoArray(to, WIDTH);
        if (COUNT < ChunkLayout.TOKENS) {
            b0.mul(SCALE).intoArray(to, COUNT);
            b1.mul(SCALE).intoArray(to, WIDTH + COUNT);
        }
        lower(scores, first * stride + chunk, greatest(0) + common[first * WIDTH + chunk]);
        lower(scores, second * stride + chunk, greatest(1) + common[second * WIDTH + chunk]);
    }

    private void three(int headDim, int chunk, int first, float[] scores, int stride) {
        float[] by = factors;
        int[] of = words;
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector b0 = a0;
        FloatVector a1 = a0;
        FloatVector b1 = a0;
        FloatVector a2 = a0;
        FloatVector b2 = a0;
        int word = chunk * headDim;
        int f0 = first * headDim * WIDTH + chunk;
        int f1 = f0 + headDim * WIDTH;
        int f2 = f1 + headDim * WIDTH;
        for (int j = 0; j < headDim; j++) {
            IntVector codes = IntVector.broadcast(INTS, of[word + j]);
            FloatVector by0 = FloatVector.broadcast(FLOATS, by[f0]);
            FloatVector by1 = FloatVector.broadcast(FLOATS, by[f1]);
            FloatVector by2 = FloatVector.broadcast(FLOATS, by[f2]);
            IntVector low = COUNT <= HALF ? codes : codes.lanewise(VectorOperators.LSHR, SHIFT);
            FloatVector quarter =
                    low.and(MASK).convertShape(VectorOperators.I2F, FLOATS, 0).reinterpretAsFloats();
            a0 = quarter.fma(by0, a0);
            a1 = quarter.fma(by1, a1);
            a2 = quarter.fma(by2, a2);
            if (COUNT < ChunkLayout.TOKENS) {
                quarter = codes.lanewise(VectorOperators.LSHR, HALF_BITS)
                        .and(MASK)
                        .convertShape(VectorOperators.I2F, FLOATS, 0)
                        .reinterpretAsFloats();
                b0 = quarter.fma(by0, b0);
                b1 = quarter.fma(by1, b1);
                b2 = quarter.fma(by2, b2);
            }
            f0 += WIDTH;
            f1 += WIDTH;
            f2 += WIDTH;
        }
        float[] to = sums;
        a0.mul(SCALE).intoArray(to, 0);
        a1.mul(SCALE).intoArray(to, WIDTH);
        a2.mul(SCALE).intoArray(to, 2 * WIDTH);
        if (COUNT < ChunkLayout.TOKENS) {
            b0.mul(SCALE).intoArray(to, COUNT);
            b1.mul(SCALE).intoArray(to, WIDTH + COUNT);
            b2.mul(SCALE).intoArray(to, 2 * WIDTH + COUNT);
        }
        lower(scores, first * stride + chunk, greatest(0) + common[first * WIDTH + chunk]);
        lower(scores, (first + 1) * stride + chunk, greatest(1) + common[(first + 1) * WIDTH + chunk]);
        lower(scores, (first + 2) * stride + chunk, greatest(2) + common[(first + 2) * WIDTH + chunk]);
    }

    /** The greatest of a row of sums, found among integers in the order of floats: those need no care for what is no number. */
    private float greatest(int row) {
        IntVector bits = FloatVector.fromArray(FLOATS, sums, row * WIDTH).reinterpretAsInts();
        IntVector most = bits.lanewise(
                VectorOperators.XOR, bits.lanewise(VectorOperators.ASHR, 31).and(0x7fffffff));
        if (COUNT < ChunkLayout.TOKENS) {
            bits = FloatVector.fromArray(FLOATS, sums, row * WIDTH + COUNT).reinterpretAsInts();
            most = most.max(bits.lanewise(
                    VectorOperators.XOR, bits.lanewise(VectorOperators.ASHR, 31).and(0x7fffffff)));
        }
        int ordered = most.reduceLanes(VectorOperators.MAX);
        return Float.intBitsToFloat(ordered ^ (ordered >> 31 & 0x7fffffff));
    }

    private static void lower(float[] scores, int at, float score) {
        scores[at] = Math.min(scores[at], score);
    }
}
