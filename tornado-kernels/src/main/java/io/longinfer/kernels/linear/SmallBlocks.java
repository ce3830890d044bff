package io.longinfer.kernels.linear;

import static io.longinfer.kernels.linear.Loads.broadcast;
import static io.longinfer.kernels.linear.Loads.floats;
import static io.longinfer.kernels.linear.Loads.half;
import static io.longinfer.kernels.linear.Loads.int32;
import static io.longinfer.kernels.linear.Loads.load;
import static io.longinfer.kernels.linear.Loads.signedBytes;
import static io.longinfer.kernels.linear.Loads.unsignedBytes;
import static io.longinfer.kernels.linear.Loads.zero;
import static io.longinfer.kernels.vector.Lanes.COUNT;

import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks of 32 values with one scale: Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1. A value is {@code d * q + m}, so a block's part of
 * a product is {@code d * sum(q * x) + m * sum(x)}: the scale is applied once a block, and the sums of {@code x} are
 * given, one a block, since all rows share them. The products of Q4_0 and Q4_1 are in {@link NibblePairs}.
 */
final class SmallBlocks {
    static final int ELEMENTS = 32;

    private static final int HALF = ELEMENTS / 2;

    private SmallBlocks() {}

    static float dotQ8_0(MemorySegment w, long at, int blocks, float[] x, int xAt, float[] lanes) {
        FloatVector sum = zero();
        for (int b = 0; b < blocks; b++) {
            long block = at + 34L * b;
            FloatVector products = zero();
            for (int j = 0; j < ELEMENTS; j += COUNT) {
                products = signedBytes(w, block + 2 + j).fma(load(x, xAt + ELEMENTS * b + j), products);
            }
            sum = products.fma(broadcast(half(w, block)), sum);
        }
        sum.intoArray(lanes, 0);
        return Lanes.sum(lanes, 0);
    }

    static float dotQ5_0(MemorySegment w, long at, int blocks, float[] x, int xAt, float[] sums, float[] lanes) {
        FloatVector sum = zero();
        float offsets = 0;
        for (int b = 0; b < blocks; b++) {
            long block = at + 22L * b;
            float d = half(w, block);
            sum = fiveBits(w, block + 6, int32(w, block + 2), x, xAt + ELEMENTS * b)
                    .fma(broadcast(d), sum);
            offsets = Math.fma(-16 * d, sums[b], offsets);
        }
        sum.intoArray(lanes, 0);
        return Lanes.sum(lanes, 0) + offsets;
    }

    static float dotQ5_1(MemorySegment w, long at, int blocks, float[] x, int xAt, float[] sums, float[] lanes) {
        FloatVector sum = zero();
        float offsets = 0;
        for (int b = 0; b < blocks; b++) {
            long block = at + 24L * b;
            float d = half(w, block);
            sum = fiveBits(w, block + 8, int32(w, block + 4), x, xAt + ELEMENTS * b)
                    .fma(broadcast(d), sum);
            offsets = Math.fma(half(w, block + 2), sums[b], offsets);
        }
        sum.intoArray(lanes, 0);
        return Lanes.sum(lanes, 0) + offsets;
    }

    /** Products of 32 nibbles, each with its fifth bit in {@code fifth}, with {@code x}. */
    private static FloatVector fiveBits(MemorySegment w, long at, int fifth, float[] x, int xAt) {
        FloatVector products = zero();
        for (int j = 0; j < HALF; j += COUNT) {
            IntVector q = unsignedBytes(w, at + j);
            products = floats(low(q).or(fifthBits(fifth, j))).fma(load(x, xAt + j), products);
            products = floats(high(q).or(fifthBits(fifth, HALF + j))).fma(load(x, xAt + HALF + j), products);
        }
        return products;
    }

    static void expandQ8_0(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            long block = at + 34L * b;
            FloatVector d = broadcast(half(w, block));
            for (int j = 0; j < ELEMENTS; j += COUNT) {
                signedBytes(w, block + 2 + j).mul(d).intoArray(out, outAt + ELEMENTS * b + j);
            }
        }
    }

    static void expandQ4_0(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            float d = half(w, at + 18L * b);
            expandNibbles(w, at + 18L * b + 2, d, -8 * d, out, outAt + ELEMENTS * b);
        }
    }

    static void expandQ4_1(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            long block = at + 20L * b;
            expandNibbles(w, block + 4, half(w, block), half(w, block + 2), out, outAt + ELEMENTS * b);
        }
    }

    static void expandQ5_0(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            long block = at + 22L * b;
            float d = half(w, block);
            expandFiveBits(w, block + 6, int32(w, block + 2), d, -16 * d, out, outAt + ELEMENTS * b);
        }
    }

    static void expandQ5_1(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            long block = at + 24L * b;
            expandFiveBits(
                    w, block + 8, int32(w, block + 4), half(w, block), half(w, block + 2), out, outAt + ELEMENTS * b);
        }
    }

    private static void expandNibbles(MemorySegment w, long at, float d, float m, float[] out, int outAt) {
        FloatVector scale = broadcast(d);
        FloatVector offset = broadcast(m);
        for (int j = 0; j < HALF; j += COUNT) {
            IntVector q = unsignedBytes(w, at + j);
            floats(low(q)).fma(scale, offset).intoArray(out, outAt + j);
            floats(high(q)).fma(scale, offset).intoArray(out, outAt + HALF + j);
        }
    }

    private static void expandFiveBits(MemorySegment w, long at, int fifth, float d, float m, float[] out, int outAt) {
        FloatVector scale = broadcast(d);
        FloatVector offset = broadcast(m);
        for (int j = 0; j < HALF; j += COUNT) {
            IntVector q = unsignedBytes(w, at + j);
            floats(low(q).or(fifthBits(fifth, j))).fma(scale, offset).intoArray(out, outAt + j);
            floats(high(q).or(fifthBits(fifth, HALF + j))).fma(scale, offset).intoArray(out, outAt + HALF + j);
        }
    }

    static IntVector low(IntVector bytes) {
        return bytes.and(15);
    }

    static IntVector high(IntVector bytes) {
        return bytes.lanewise(VectorOperators.LSHR, 4);
    }

    private static final IntVector LANE = IntVector.zero(Lanes.INTS).addIndex(1);

    /** Lane l holds 16 where bit {@code from + l} is set: rotated, that bit stands l places above the fourth. */
    private static IntVector fifthBits(int bits, int from) {
        return IntVector.broadcast(Lanes.INTS, Integer.rotateLeft(bits, 4 - from))
                .lanewise(VectorOperators.LSHR, LANE)
                .and(16);
    }
}
