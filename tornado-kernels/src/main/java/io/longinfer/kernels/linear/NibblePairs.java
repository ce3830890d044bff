package io.longinfer.kernels.linear;

import static io.longinfer.kernels.linear.Loads.BYTES;
import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;
import static io.longinfer.kernels.vector.Lanes.INTS;

import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Two rows of Q4_0 or Q4_1 at a time, the formats that decode spends most time in: activations are loaded once for both.
 *
 * <p>Scales are not converted from fp16 but moved, by integer instructions that have units of their own, to where a float
 * has its bits, which gives their value times 2^-112, exactly. Activations (and their sums) must come times {@link #SCALE},
 * which keeps every product a normal number, and results are put right at the end of a row by {@link #UNSCALE}.
 *
 * <p>Written without helpers: with twice the work in one loop, the compiler stops inlining them and allocates vectors.
 */
final class NibblePairs {
    static final float SCALE = 0x1p64f;

    static final float UNSCALE = 0x1p48f;
    static final int HALF_BITS = 0x8FFFE000;
    private static final int ELEMENTS = SmallBlocks.ELEMENTS;

    private NibblePairs() {}

    /**
     * The products of the rows at {@code first} and {@code second} with {@code x}, into the first two of {@code pair}.
     *
     * @param x {@code [32 * blocks]}, times {@link #SCALE}
     * @param sums {@code [blocks]}, of the scaled {@code x}
     * @param pair {@code [2 * COUNT]}
     */
    static void dotQ4_1(MemorySegment w, long first, long second, int blocks, float[] x, float[] sums, float[] pair) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        float offsets0 = 0;
        float offsets1 = 0;
        for (int b = 0; b < blocks; b++) {
            FloatVector products0 = FloatVector.zero(FLOATS);
            FloatVector products1 = FloatVector.zero(FLOATS);
            long at0 = first + 20L * b;
            long at1 = second + 20L * b;
            for (int j = 0; j < ELEMENTS / 2; j += COUNT) {
                FloatVector low = FloatVector.fromArray(FLOATS, x, ELEMENTS * b + j);
                FloatVector high = FloatVector.fromArray(FLOATS, x, ELEMENTS * b + ELEMENTS / 2 + j);
                IntVector q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at0 + 4 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                products0 = ((FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0)).fma(low, products0);
                products0 = ((FloatVector)
                                q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0))
                        .fma(high, products0);
                q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at1 + 4 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                products1 = ((FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0)).fma(low, products1);
                products1 = ((FloatVector)
                                q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0))
                        .fma(high, products1);
            }
            // The scale is the lower half of four bytes, the minimum the upper one.
            int dm0 = w.get(Loads.LITTLE_INT, at0);
            int dm1 = w.get(Loads.LITTLE_INT, at1);
            float sum = sums[b];
            sum0 = products0.fma(
                    FloatVector.broadcast(FLOATS, Float.intBitsToFloat((dm0 << 16 >> 3) & HALF_BITS)), sum0);
            sum1 = products1.fma(
                    FloatVector.broadcast(FLOATS, Float.intBitsToFloat((dm1 << 16 >> 3) & HALF_BITS)), sum1);
            offsets0 = Math.fma(Float.intBitsToFloat((dm0 >> 3) & HALF_BITS), sum, offsets0);
            offsets1 = Math.fma(Float.intBitsToFloat((dm1 >> 3) & HALF_BITS), sum, offsets1);
        }
        sum0.intoArray(pair, 0);
        sum1.intoArray(pair, COUNT);
        pair[0] = (Lanes.sum(pair, 0) + offsets0) * UNSCALE;
        pair[1] = (Lanes.sum(pair, COUNT) + offsets1) * UNSCALE;
    }

    /** As {@link #dotQ4_1}; the minimum is eight scales below zero. */
    static void dotQ4_0(MemorySegment w, long first, long second, int blocks, float[] x, float[] sums, float[] pair) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        float offsets0 = 0;
        float offsets1 = 0;
        for (int b = 0; b < blocks; b++) {
            FloatVector products0 = FloatVector.zero(FLOATS);
            FloatVector products1 = FloatVector.zero(FLOATS);
            long at0 = first + 18L * b;
            long at1 = second + 18L * b;
            for (int j = 0; j < ELEMENTS / 2; j += COUNT) {
                FloatVector low = FloatVector.fromArray(FLOATS, x, ELEMENTS * b + j);
                FloatVector high = FloatVector.fromArray(FLOATS, x, ELEMENTS * b + ELEMENTS / 2 + j);
                IntVector q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at0 + 2 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                products0 = ((FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0)).fma(low, products0);
                products0 = ((FloatVector)
                                q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0))
                        .fma(high, products0);
                q = (IntVector) ByteVector.fromMemorySegment(BYTES, w, at1 + 2 + j, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                products1 = ((FloatVector) q.and(15).convertShape(VectorOperators.I2F, FLOATS, 0)).fma(low, products1);
                products1 = ((FloatVector)
                                q.lanewise(VectorOperators.LSHR, 4).convertShape(VectorOperators.I2F, FLOATS, 0))
                        .fma(high, products1);
            }
            float d0 = Float.intBitsToFloat((w.get(Loads.LITTLE_SHORT, at0) << 13) & HALF_BITS);
            float d1 = Float.intBitsToFloat((w.get(Loads.LITTLE_SHORT, at1) << 13) & HALF_BITS);
            float sum = -8 * sums[b];
            sum0 = products0.fma(FloatVector.broadcast(FLOATS, d0), sum0);
            sum1 = products1.fma(FloatVector.broadcast(FLOATS, d1), sum1);
            offsets0 = Math.fma(d0, sum, offsets0);
            offsets1 = Math.fma(d1, sum, offsets1);
        }
        sum0.intoArray(pair, 0);
        sum1.intoArray(pair, COUNT);
        pair[0] = (Lanes.sum(pair, 0) + offsets0) * UNSCALE;
        pair[1] = (Lanes.sum(pair, COUNT) + offsets1) * UNSCALE;
    }
}
