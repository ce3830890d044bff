package io.longinfer.kernels.linear;

import static io.longinfer.kernels.linear.Loads.BYTES;
import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;
import static io.longinfer.kernels.vector.Lanes.INTS;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Products with the tokens of a decoding step of several sequences: a row is decoded in registers once for four tokens. Each
 * token's sums are formed in the very order in which the product with one vector forms them, so that what a sequence computes
 * does not depend, to the bit, on how many decode with it.
 *
 * <p>Written without helpers, as {@link NibblePairs}, whose scaling it shares.
 */
final class FewTokens {
    /** Tokens that share a row. */
    static final int TOKENS = 4;

    /** Fewer are done sooner one by one. */
    private static final int LEAST = 3;

    private static final int ELEMENTS = SmallBlocks.ELEMENTS;

    private FewTokens() {}

    /**
     * The products of the first tokens; those of fewer than three are not worth it.
     *
     * @return how many tokens these are, 0 for a format that has no form of its own
     */
    static int matMul(
            WeightMatrix w,
            int rowFrom,
            int rowTo,
            float[] x,
            int xStride,
            int tokens,
            float[] y,
            int yStride,
            Scratch scratch) {
        int rest = tokens % TOKENS;
        int shared = rest < LEAST ? tokens - rest : tokens;
        switch (w.type()) {
            case Q4_0, Q4_1 -> nibbles(w, rowFrom, rowTo, x, xStride, shared, y, yStride, scratch);
            case Q8_0 -> bytes(w, rowFrom, rowTo, x, xStride, shared, y, yStride, scratch);
            default -> shared = 0;
        }
        return shared;
    }

    private static void bytes(
            WeightMatrix w,
            int rowFrom,
            int rowTo,
            float[] x,
            int xStride,
            int tokens,
            float[] y,
            int yStride,
            Scratch scratch) {
        int blocks = w.columns() / ELEMENTS;
        float[] results = scratch.tile();
        for (int t = 0; t < tokens; t += TOKENS) {
            int width = Math.min(TOKENS, tokens - t);
            float[] packed = scratch.packed(x, t * xStride, xStride, width, blocks, 1, 1);
            for (int r = rowFrom; r < rowTo; r++) {
                dotQ8_0(w.data(), r * w.rowBytes(), blocks, packed, results);
                for (int i = 0; i < width; i++) {
                    y[(t + i) * yStride + r] = results[i];
                }
            }
        }
    }

    private static void nibbles(
            WeightMatrix w,
            int rowFrom,
            int rowTo,
            float[] x,
            int xStride,
            int tokens,
            float[] y,
            int yStride,
            Scratch scratch) {
        int columns = w.columns();
        int blocks = columns / ELEMENTS;
        float[] sums = scratch.blockSums(x, xStride, tokens, columns);
        float[] results = scratch.tile();
        boolean minima = w.type() == TensorType.Q4_1;
        for (int t = 0; t < tokens; t += TOKENS) {
            int width = Math.min(TOKENS, tokens - t);
            float[] packed = scratch.packed(x, t * xStride, xStride, width, blocks, 2, NibblePairs.SCALE);
            float[] byBlock = scratch.byBlock(sums, t, width, blocks, (minima ? 1 : -8) * NibblePairs.SCALE);
            for (int r = rowFrom; r < rowTo; r++) {
                long at = r * w.rowBytes();
                if (minima) {
                    dotQ4_1(w.data(), at, blocks, packed, byBlock, results);
                } else {
                    dotQ4_0(w.data(), at, blocks, packed, byBlock, results);
                }
                for (int i = 0; i < width; i++) {
                    y[(t + i) * yStride + r] = results[i];
                }
            }
        }
    }

    /**
     * The products of the row at {@code row} with four tokens.
     *
     * @param x as {@link Scratch#packed} lays it out in halves
     * @param sums {@code [blocks][COUNT]}: the sums of each token's activations, one a lane
     * @param results {@code [5][COUNT]}, of which the first four are the results
     */
    private static void dotQ4_1(MemorySegment w, long row, int blocks, float[] x, float[] sums, float[] results) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector offsets = FloatVector.zero(FLOATS);
        for (int b = 0; b < blocks; b++) {
            FloatVector p0 = FloatVector.zero(FLOATS);
            FloatVector p1 = FloatVector.zero(FLOATS);
            FloatVector p2 = FloatVector.zero(FLOATS);
            FloatVector p3 = FloatVector.zero(FLOATS);
            long at = row + 20L * b;
            for (int j = 0; j < ELEMENTS / 2; j += COUNT) {
                int c = TOKENS * ELEMENTS * b + 2 * TOKENS * j;
                IntVector q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at + 4 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                FloatVector low = (FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0);
                FloatVector high =
                        (FloatVector) q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0);
                p0 = low.fma(FloatVector.fromArray(FLOATS, x, c), p0);
                p1 = low.fma(FloatVector.fromArray(FLOATS, x, c + COUNT), p1);
                p2 = low.fma(FloatVector.fromArray(FLOATS, x, c + 2 * COUNT), p2);
                p3 = low.fma(FloatVector.fromArray(FLOATS, x, c + 3 * COUNT), p3);
                p0 = high.fma(FloatVector.fromArray(FLOATS, x, c + 4 * COUNT), p0);
                p1 = high.fma(FloatVector.fromArray(FLOATS, x, c + 5 * COUNT), p1);
                p2 = high.fma(FloatVector.fromArray(FLOATS, x, c + 6 * COUNT), p2);
                p3 = high.fma(FloatVector.fromArray(FLOATS, x, c + 7 * COUNT), p3);
            }
            int dm = w.get(Loads.LITTLE_INT, at);
            FloatVector d =
                    FloatVector.broadcast(FLOATS, Float.intBitsToFloat((dm << 16 >> 3) & NibblePairs.HALF_BITS));
            sum0 = p0.fma(d, sum0);
            sum1 = p1.fma(d, sum1);
            sum2 = p2.fma(d, sum2);
            sum3 = p3.fma(d, sum3);
            offsets = FloatVector.fromArray(FLOATS, sums, b * COUNT)
                    .fma(
                            FloatVector.broadcast(FLOATS, Float.intBitsToFloat((dm >> 3) & NibblePairs.HALF_BITS)),
                            offsets);
        }
        offsets.intoArray(results, 0);
        sum0.intoArray(results, 1 * COUNT);
        sum1.intoArray(results, 2 * COUNT);
        sum2.intoArray(results, 3 * COUNT);
        sum3.intoArray(results, 4 * COUNT);
        results[0] = (results[0] + Lanes.sum(results, 1 * COUNT)) * NibblePairs.UNSCALE;
        results[1] = (results[1] + Lanes.sum(results, 2 * COUNT)) * NibblePairs.UNSCALE;
        results[2] = (results[2] + Lanes.sum(results, 3 * COUNT)) * NibblePairs.UNSCALE;
        results[3] = (results[3] + Lanes.sum(results, 4 * COUNT)) * NibblePairs.UNSCALE;
    }

    /** As {@link #dotQ4_1}; the minimum is eight scales below zero, which {@code sums} have in them. */
    private static void dotQ4_0(MemorySegment w, long row, int blocks, float[] x, float[] sums, float[] results) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector offsets = FloatVector.zero(FLOATS);
        for (int b = 0; b < blocks; b++) {
            FloatVector p0 = FloatVector.zero(FLOATS);
            FloatVector p1 = FloatVector.zero(FLOATS);
            FloatVector p2 = FloatVector.zero(FLOATS);
            FloatVector p3 = FloatVector.zero(FLOATS);
            long at = row + 18L * b;
            for (int j = 0; j < ELEMENTS / 2; j += COUNT) {
                int c = TOKENS * ELEMENTS * b + 2 * TOKENS * j;
                IntVector q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at + 2 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                FloatVector low = (FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0);
                FloatVector high =
                        (FloatVector) q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0);
                p0 = low.fma(FloatVector.fromArray(FLOATS, x, c), p0);
                p1 = low.fma(FloatVector.fromArray(FLOATS, x, c + COUNT), p1);
                p2 = low.fma(FloatVector.fromArray(FLOATS, x, c + 2 * COUNT), p2);
                p3 = low.fma(FloatVector.fromArray(FLOATS, x, c + 3 * COUNT), p3);
                p0 = high.fma(FloatVector.fromArray(FLOATS, x, c + 4 * COUNT), p0);
                p1 = high.fma(FloatVector.fromArray(FLOATS, x, c + 5 * COUNT), p1);
                p2 = high.fma(FloatVector.fromArray(FLOATS, x, c + 6 * COUNT), p2);
                p3 = high.fma(FloatVector.fromArray(FLOATS, x, c + 7 * COUNT), p3);
            }
            FloatVector d = FloatVector.broadcast(
                    FLOATS, Float.intBitsToFloat((w.get(Loads.LITTLE_SHORT, at) << 13) & NibblePairs.HALF_BITS));
            sum0 = p0.fma(d, sum0);
            sum1 = p1.fma(d, sum1);
            sum2 = p2.fma(d, sum2);
            sum3 = p3.fma(d, sum3);
            offsets = FloatVector.fromArray(FLOATS, sums, b * COUNT).fma(d, offsets);
        }
        offsets.intoArray(results, 0);
        sum0.intoArray(results, 1 * COUNT);
        sum1.intoArray(results, 2 * COUNT);
        sum2.intoArray(results, 3 * COUNT);
        sum3.intoArray(results, 4 * COUNT);
        results[0] = (results[0] + Lanes.sum(results, 1 * COUNT)) * NibblePairs.UNSCALE;
        results[1] = (results[1] + Lanes.sum(results, 2 * COUNT)) * NibblePairs.UNSCALE;
        results[2] = (results[2] + Lanes.sum(results, 3 * COUNT)) * NibblePairs.UNSCALE;
        results[3] = (results[3] + Lanes.sum(results, 4 * COUNT)) * NibblePairs.UNSCALE;
    }

    /** The products of a row with four tokens, as {@link #dotQ4_1}; {@code x} is not in halves. */
    private static void dotQ8_0(MemorySegment w, long row, int blocks, float[] x, float[] results) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        for (int b = 0; b < blocks; b++) {
            FloatVector p0 = FloatVector.zero(FLOATS);
            FloatVector p1 = FloatVector.zero(FLOATS);
            FloatVector p2 = FloatVector.zero(FLOATS);
            FloatVector p3 = FloatVector.zero(FLOATS);
            long at = row + 34L * b;
            for (int j = 0; j < ELEMENTS; j += COUNT) {
                int c = TOKENS * ELEMENTS * b + TOKENS * j;
                FloatVector q = (FloatVector)
                        ((IntVector) ByteVector.fromMemorySegment(BYTES, w, at + 2 + j, ByteOrder.LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.B2I, INTS, 0))
                                .convertShape(VectorOperators.I2F, FLOATS, 0);
                p0 = q.fma(FloatVector.fromArray(FLOATS, x, c), p0);
                p1 = q.fma(FloatVector.fromArray(FLOATS, x, c + COUNT), p1);
                p2 = q.fma(FloatVector.fromArray(FLOATS, x, c + 2 * COUNT), p2);
                p3 = q.fma(FloatVector.fromArray(FLOATS, x, c + 3 * COUNT), p3);
            }
            FloatVector d = FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(Loads.LITTLE_SHORT, at)));
            sum0 = p0.fma(d, sum0);
            sum1 = p1.fma(d, sum1);
            sum2 = p2.fma(d, sum2);
            sum3 = p3.fma(d, sum3);
        }
        sum0.intoArray(results, 1 * COUNT);
        sum1.intoArray(results, 2 * COUNT);
        sum2.intoArray(results, 3 * COUNT);
        sum3.intoArray(results, 4 * COUNT);
        results[0] = Lanes.sum(results, 1 * COUNT);
        results[1] = Lanes.sum(results, 2 * COUNT);
        results[2] = Lanes.sum(results, 3 * COUNT);
        results[3] = Lanes.sum(results, 4 * COUNT);
    }
}
