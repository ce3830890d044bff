package io.longinfer.kernels.linear;

import static io.longinfer.kernels.linear.Loads.broadcast;
import static io.longinfer.kernels.linear.Loads.floats;
import static io.longinfer.kernels.linear.Loads.half;
import static io.longinfer.kernels.linear.Loads.int32;
import static io.longinfer.kernels.linear.Loads.load;
import static io.longinfer.kernels.linear.Loads.unsignedBytes;
import static io.longinfer.kernels.linear.Loads.zero;
import static io.longinfer.kernels.linear.SmallBlocks.high;
import static io.longinfer.kernels.linear.SmallBlocks.low;
import static io.longinfer.kernels.vector.Lanes.COUNT;

import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks of 256 values in parts of 32 with a scale and a minimum of 6 bits each: Q4_K and Q5_K. As in {@link SmallBlocks},
 * scales are applied once a part, and minima to given sums of {@code x} over each part.
 */
final class SuperBlocks {
    static final int ELEMENTS = 256;

    private static final int PART = 32;
    private static final int PARTS = ELEMENTS / PART;
    private static final int FOUR_BIT_BYTES = 144;
    private static final int FIVE_BIT_BYTES = 176;

    private SuperBlocks() {}

    static float dotQ4_K(MemorySegment w, long at, int blocks, float[] x, int xAt, float[] sums, float[] lanes) {
        FloatVector sum = zero();
        float offsets = 0;
        for (int b = 0; b < blocks; b++) {
            long block = at + (long) FOUR_BIT_BYTES * b;
            long scales = scales(w, block + 4);
            float d = half(w, block);
            for (int pair = 0; pair < PARTS; pair += 2) {
                int xPair = xAt + ELEMENTS * b + PART * pair;
                long q = block + 16 + 16L * pair;
                FloatVector lows = zero();
                FloatVector highs = zero();
                for (int j = 0; j < PART; j += COUNT) {
                    IntVector bytes = unsignedBytes(w, q + j);
                    lows = floats(low(bytes)).fma(load(x, xPair + j), lows);
                    highs = floats(high(bytes)).fma(load(x, xPair + PART + j), highs);
                }
                sum = lows.fma(broadcast(d * part(scales, pair)), sum);
                sum = highs.fma(broadcast(d * part(scales, pair + 1)), sum);
            }
            offsets = Math.fma(half(w, block + 2), minima(minima(w, block + 4), sums, PARTS * b), offsets);
        }
        sum.intoArray(lanes, 0);
        return Lanes.sum(lanes, 0) - offsets;
    }

    static float dotQ5_K(MemorySegment w, long at, int blocks, float[] x, int xAt, float[] sums, float[] lanes) {
        FloatVector sum = zero();
        float offsets = 0;
        for (int b = 0; b < blocks; b++) {
            long block = at + (long) FIVE_BIT_BYTES * b;
            long scales = scales(w, block + 4);
            float d = half(w, block);
            for (int pair = 0; pair < PARTS; pair += 2) {
                int xPair = xAt + ELEMENTS * b + PART * pair;
                long q = block + 48 + 16L * pair;
                FloatVector lows = zero();
                FloatVector highs = zero();
                for (int j = 0; j < PART; j += COUNT) {
                    IntVector bytes = unsignedBytes(w, q + j);
                    IntVector fifth = unsignedBytes(w, block + 16 + j).lanewise(VectorOperators.LSHR, pair);
                    lows = floats(fiveLow(bytes, fifth)).fma(load(x, xPair + j), lows);
                    highs = floats(fiveHigh(bytes, fifth)).fma(load(x, xPair + PART + j), highs);
                }
                sum = lows.fma(broadcast(d * part(scales, pair)), sum);
                sum = highs.fma(broadcast(d * part(scales, pair + 1)), sum);
            }
            offsets = Math.fma(half(w, block + 2), minima(minima(w, block + 4), sums, PARTS * b), offsets);
        }
        sum.intoArray(lanes, 0);
        return Lanes.sum(lanes, 0) - offsets;
    }

    static void expandQ4_K(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            long block = at + (long) FOUR_BIT_BYTES * b;
            long scales = scales(w, block + 4);
            long minima = minima(w, block + 4);
            float d = half(w, block);
            float m = -half(w, block + 2);
            for (int pair = 0; pair < PARTS; pair += 2) {
                int outPair = outAt + ELEMENTS * b + PART * pair;
                for (int j = 0; j < PART; j += COUNT) {
                    IntVector bytes = unsignedBytes(w, block + 16 + 16L * pair + j);
                    floats(low(bytes))
                            .fma(broadcast(d * part(scales, pair)), broadcast(m * part(minima, pair)))
                            .intoArray(out, outPair + j);
                    floats(high(bytes))
                            .fma(broadcast(d * part(scales, pair + 1)), broadcast(m * part(minima, pair + 1)))
                            .intoArray(out, outPair + PART + j);
                }
            }
        }
    }

    static void expandQ5_K(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            long block = at + (long) FIVE_BIT_BYTES * b;
            long scales = scales(w, block + 4);
            long minima = minima(w, block + 4);
            float d = half(w, block);
            float m = -half(w, block + 2);
            for (int pair = 0; pair < PARTS; pair += 2) {
                int outPair = outAt + ELEMENTS * b + PART * pair;
                for (int j = 0; j < PART; j += COUNT) {
                    IntVector bytes = unsignedBytes(w, block + 48 + 16L * pair + j);
                    IntVector fifth = unsignedBytes(w, block + 16 + j).lanewise(VectorOperators.LSHR, pair);
                    floats(fiveLow(bytes, fifth))
                            .fma(broadcast(d * part(scales, pair)), broadcast(m * part(minima, pair)))
                            .intoArray(out, outPair + j);
                    floats(fiveHigh(bytes, fifth))
                            .fma(broadcast(d * part(scales, pair + 1)), broadcast(m * part(minima, pair + 1)))
                            .intoArray(out, outPair + PART + j);
                }
            }
        }
    }

    /** Low nibbles with the lowest bit of {@code fifth} above them. */
    private static IntVector fiveLow(IntVector bytes, IntVector fifth) {
        return low(bytes).or(fifth.and(1).lanewise(VectorOperators.LSHL, 4));
    }

    /** High nibbles with the second bit of {@code fifth} above them. */
    private static IntVector fiveHigh(IntVector bytes, IntVector fifth) {
        return high(bytes).or(fifth.and(2).lanewise(VectorOperators.LSHL, 3));
    }

    /** The eight scales of a block, one a byte: six bits each, packed in twelve bytes with the minima. */
    private static long scales(MemorySegment w, long at) {
        int first = int32(w, at);
        int last = int32(w, at + 8);
        int lower = first & 0x3F3F3F3F;
        int upper = (last & 0x0F0F0F0F) | ((first >>> 2) & 0x30303030);
        return lower | (long) upper << 32;
    }

    /** The eight minima of a block, one a byte. */
    private static long minima(MemorySegment w, long at) {
        int second = int32(w, at + 4);
        int last = int32(w, at + 8);
        int lower = second & 0x3F3F3F3F;
        int upper = ((last >>> 4) & 0x0F0F0F0F) | ((second >>> 2) & 0x30303030);
        return lower | (long) upper << 32;
    }

    private static int part(long packed, int part) {
        return (int) (packed >>> (8 * part)) & 0xFF;
    }

    private static float minima(long minima, float[] sums, int sumsAt) {
        float sum = 0;
        for (int part = 0; part < PARTS; part++) {
            sum = Math.fma(part(minima, part), sums[sumsAt + part], sum);
        }
        return sum;
    }
}
