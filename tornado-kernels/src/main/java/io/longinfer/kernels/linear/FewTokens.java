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
 * does not depend, to the bit, on how many decode with it. Formats without a form of their own take a row's tokens one after
 * the other, while the row is in the nearest cache.
 *
 * <p>Written without helpers, as {@link NibblePairs}, whose scaling it shares.
 */
final class FewTokens {
    /** Tokens that share a row. */
    static final int TOKENS = 4;

    private static final int ELEMENTS = SmallBlocks.ELEMENTS;

    private FewTokens() {}

    static void matMul(
            WeightMatrix w,
            int rowFrom,
            int rowTo,
            float[] x,
            int xStride,
            int tokens,
            float[] y,
            int yStride,
            Scratch scratch) {
        switch (w.type()) {
            case Q4_0, Q4_1 -> nibbles(w, rowFrom, rowTo, x, xStride, tokens, y, yStride, scratch);
            case Q8_0 -> bytes(w, rowFrom, rowTo, x, xStride, tokens, y, yStride, scratch);
            default -> oneByOne(w, rowFrom, rowTo, x, xStride, tokens, y, yStride, scratch);
        }
    }

    private static void oneByOne(
            WeightMatrix w,
            int rowFrom,
            int rowTo,
            float[] x,
            int xStride,
            int tokens,
            float[] y,
            int yStride,
            Scratch scratch) {
        boolean needsSums = Formats.needsSums(w.type());
        int blocks = w.columns() / ELEMENTS;
        float[] sums = needsSums ? scratch.blockSums(x, xStride, tokens, w.columns()) : x;
        float[] own = scratch.tokenSums(blocks);
        for (int r = rowFrom; r < rowTo; r++) {
            for (int t = 0; t < tokens; t++) {
                if (needsSums) {
                    System.arraycopy(sums, t * blocks, own, 0, blocks);
                }
                y[t * yStride + r] = Formats.dot(
                        w.type(), w.data(), r * w.rowBytes(), w.columns(), x, t * xStride, own, scratch.sums());
            }
        }
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
            for (int r = rowFrom; r < rowTo; r++) {
                dotQ8_0(w.data(), r * w.rowBytes(), blocks, x, t * xStride, xStride, width, results);
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
        float[] scaled = scratch.scaled(x, xStride, tokens, columns, NibblePairs.SCALE);
        float[] sums = scratch.blockSums(scaled, columns, tokens, columns);
        float[] results = scratch.tile();
        boolean minima = w.type() == TensorType.Q4_1;
        for (int t = 0; t < tokens; t += TOKENS) {
            int width = Math.min(TOKENS, tokens - t);
            float[] byBlock = scratch.byBlock(sums, t, width, blocks, minima ? 1 : -8);
            for (int r = rowFrom; r < rowTo; r++) {
                long at = r * w.rowBytes();
                if (minima) {
                    dotQ4_1(w.data(), at, blocks, scaled, t * columns, columns, width, byBlock, results);
                } else {
                    dotQ4_0(w.data(), at, blocks, scaled, t * columns, columns, width, byBlock, results);
                }
                for (int i = 0; i < width; i++) {
                    y[(t + i) * yStride + r] = results[i];
                }
            }
        }
    }

    /**
     * The products of the row at {@code row} with four tokens; a token that is not there is computed as the last one again.
     *
     * @param sums {@code [blocks][COUNT]}: the sums of each token's activations, one a lane
     * @param results {@code [5][COUNT]}, of which the first four are the results
     */
    private static void dotQ4_1(
            MemorySegment w,
            long row,
            int blocks,
            float[] x,
            int x0,
            int xStride,
            int width,
            float[] sums,
            float[] results) {
        int x1 = x0 + Math.min(1, width - 1) * xStride;
        int x2 = x0 + Math.min(2, width - 1) * xStride;
        int x3 = x0 + Math.min(3, width - 1) * xStride;
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
                int c = ELEMENTS * b + j;
                IntVector q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at + 4 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                FloatVector low = (FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0);
                FloatVector high =
                        (FloatVector) q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0);
                p0 = low.fma(FloatVector.fromArray(FLOATS, x, x0 + c), p0);
                p1 = low.fma(FloatVector.fromArray(FLOATS, x, x1 + c), p1);
                p2 = low.fma(FloatVector.fromArray(FLOATS, x, x2 + c), p2);
                p3 = low.fma(FloatVector.fromArray(FLOATS, x, x3 + c), p3);
                p0 = high.fma(FloatVector.fromArray(FLOATS, x, x0 + c + ELEMENTS / 2), p0);
                p1 = high.fma(FloatVector.fromArray(FLOATS, x, x1 + c + ELEMENTS / 2), p1);
                p2 = high.fma(FloatVector.fromArray(FLOATS, x, x2 + c + ELEMENTS / 2), p2);
                p3 = high.fma(FloatVector.fromArray(FLOATS, x, x3 + c + ELEMENTS / 2), p3);
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
    private static void dotQ4_0(
            MemorySegment w,
            long row,
            int blocks,
            float[] x,
            int x0,
            int xStride,
            int width,
            float[] sums,
            float[] results) {
        int x1 = x0 + Math.min(1, width - 1) * xStride;
        int x2 = x0 + Math.min(2, width - 1) * xStride;
        int x3 = x0 + Math.min(3, width - 1) * xStride;
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
                int c = ELEMENTS * b + j;
                IntVector q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at + 2 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                FloatVector low = (FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0);
                FloatVector high =
                        (FloatVector) q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0);
                p0 = low.fma(FloatVector.fromArray(FLOATS, x, x0 + c), p0);
                p1 = low.fma(FloatVector.fromArray(FLOATS, x, x1 + c), p1);
                p2 = low.fma(FloatVector.fromArray(FLOATS, x, x2 + c), p2);
                p3 = low.fma(FloatVector.fromArray(FLOATS, x, x3 + c), p3);
                p0 = high.fma(FloatVector.fromArray(FLOATS, x, x0 + c + ELEMENTS / 2), p0);
                p1 = high.fma(FloatVector.fromArray(FLOATS, x, x1 + c + ELEMENTS / 2), p1);
                p2 = high.fma(FloatVector.fromArray(FLOATS, x, x2 + c + ELEMENTS / 2), p2);
                p3 = high.fma(FloatVector.fromArray(FLOATS, x, x3 + c + ELEMENTS / 2), p3);
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

    /** The products of a row with four tokens, as {@link #dotQ4_1}. */
    private static void dotQ8_0(
            MemorySegment w, long row, int blocks, float[] x, int x0, int xStride, int width, float[] results) {
        int x1 = x0 + Math.min(1, width - 1) * xStride;
        int x2 = x0 + Math.min(2, width - 1) * xStride;
        int x3 = x0 + Math.min(3, width - 1) * xStride;
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
                int c = ELEMENTS * b + j;
                FloatVector q = (FloatVector)
                        ((IntVector) ByteVector.fromMemorySegment(BYTES, w, at + 2 + j, ByteOrder.LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.B2I, INTS, 0))
                                .convertShape(VectorOperators.I2F, FLOATS, 0);
                p0 = q.fma(FloatVector.fromArray(FLOATS, x, x0 + c), p0);
                p1 = q.fma(FloatVector.fromArray(FLOATS, x, x1 + c), p1);
                p2 = q.fma(FloatVector.fromArray(FLOATS, x, x2 + c), p2);
                p3 = q.fma(FloatVector.fromArray(FLOATS, x, x3 + c), p3);
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
