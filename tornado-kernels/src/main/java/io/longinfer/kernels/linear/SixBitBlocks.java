package io.longinfer.kernels.linear;

import static io.longinfer.kernels.linear.Loads.BYTES;
import static io.longinfer.kernels.linear.Loads.half;
import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;
import static io.longinfer.kernels.vector.Lanes.INTS;

import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks of 256 values in parts of 16 with a scale of 8 bits each: Q6_K. A half of a block has four groups of 32 values: the
 * first two have the low nibbles of its first and last 32 bytes, the other two the high ones; group g has its upper bits in
 * bits 2g and 2g + 1 of 32 more bytes. Values are those six bits less 32.
 *
 * <p>A step takes 16 columns of all four groups, so that every byte is loaded once. Written without helpers: with so much
 * in one loop, the compiler stops inlining them and allocates vectors.
 */
final class SixBitBlocks {
    private static final int ELEMENTS = SuperBlocks.ELEMENTS;
    private static final int BLOCK_BYTES = 210;
    private static final int GROUP = 32;

    private SixBitBlocks() {}

    static float dotQ6_K(MemorySegment w, long at, int blocks, float[] x, int xAt, float[] lanes) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int b = 0; b < blocks; b++) {
            long block = at + (long) BLOCK_BYTES * b;
            float d = half(w, block + 208);
            for (int part = 0; part < 4; part++) {
                int side = part >> 1;
                int column = (part & 1) * 16;
                int xPart = xAt + ELEMENTS * b + 128 * side + column;
                FloatVector group0 = FloatVector.zero(FLOATS);
                FloatVector group1 = FloatVector.zero(FLOATS);
                FloatVector group2 = FloatVector.zero(FLOATS);
                FloatVector group3 = FloatVector.zero(FLOATS);
                for (int j = 0; j < 16; j += COUNT) {
                    long q = block + 64L * side + column + j;
                    IntVector first = (IntVector) ByteVector.fromMemorySegment(BYTES, w, q, ByteOrder.LITTLE_ENDIAN)
                            .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                    IntVector last =
                            (IntVector) ByteVector.fromMemorySegment(BYTES, w, q + GROUP, ByteOrder.LITTLE_ENDIAN)
                                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                    IntVector upper = (IntVector) ByteVector.fromMemorySegment(
                                    BYTES, w, block + 128 + 32L * side + column + j, ByteOrder.LITTLE_ENDIAN)
                            .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                    group0 = ((FloatVector) first.and(15)
                                    .or(upper.lanewise(VectorOperators.LSHL, 4).and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .fma(FloatVector.fromArray(FLOATS, x, xPart + j), group0);
                    group1 = ((FloatVector) last.and(15)
                                    .or(upper.lanewise(VectorOperators.LSHL, 2).and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .fma(FloatVector.fromArray(FLOATS, x, xPart + GROUP + j), group1);
                    group2 = ((FloatVector) first.lanewise(VectorOperators.LSHR, 4)
                                    .or(upper.and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .fma(FloatVector.fromArray(FLOATS, x, xPart + 2 * GROUP + j), group2);
                    group3 = ((FloatVector) last.lanewise(VectorOperators.LSHR, 4)
                                    .or(upper.lanewise(VectorOperators.LSHR, 2).and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .fma(FloatVector.fromArray(FLOATS, x, xPart + 3 * GROUP + j), group3);
                }
                long scale = block + 192 + 8L * side + (part & 1);
                sum = group0.fma(FloatVector.broadcast(FLOATS, d * w.get(ValueLayout.JAVA_BYTE, scale)), sum);
                sum = group1.fma(FloatVector.broadcast(FLOATS, d * w.get(ValueLayout.JAVA_BYTE, scale + 2)), sum);
                sum = group2.fma(FloatVector.broadcast(FLOATS, d * w.get(ValueLayout.JAVA_BYTE, scale + 4)), sum);
                sum = group3.fma(FloatVector.broadcast(FLOATS, d * w.get(ValueLayout.JAVA_BYTE, scale + 6)), sum);
            }
        }
        sum.intoArray(lanes, 0);
        return Lanes.sum(lanes, 0);
    }

    static void expandQ6_K(MemorySegment w, long at, int blocks, float[] out, int outAt) {
        for (int b = 0; b < blocks; b++) {
            long block = at + (long) BLOCK_BYTES * b;
            float d = half(w, block + 208);
            for (int part = 0; part < 4; part++) {
                int side = part >> 1;
                int column = (part & 1) * 16;
                long scale = block + 192 + 8L * side + (part & 1);
                float scale0 = d * w.get(ValueLayout.JAVA_BYTE, scale);
                float scale1 = d * w.get(ValueLayout.JAVA_BYTE, scale + 2);
                float scale2 = d * w.get(ValueLayout.JAVA_BYTE, scale + 4);
                float scale3 = d * w.get(ValueLayout.JAVA_BYTE, scale + 6);
                for (int j = 0; j < 16; j += COUNT) {
                    long q = block + 64L * side + column + j;
                    int o = outAt + ELEMENTS * b + 128 * side + column + j;
                    IntVector first = (IntVector) ByteVector.fromMemorySegment(BYTES, w, q, ByteOrder.LITTLE_ENDIAN)
                            .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                    IntVector last =
                            (IntVector) ByteVector.fromMemorySegment(BYTES, w, q + GROUP, ByteOrder.LITTLE_ENDIAN)
                                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                    IntVector upper = (IntVector) ByteVector.fromMemorySegment(
                                    BYTES, w, block + 128 + 32L * side + column + j, ByteOrder.LITTLE_ENDIAN)
                            .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                    ((FloatVector) first.and(15)
                                    .or(upper.lanewise(VectorOperators.LSHL, 4).and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .mul(scale0)
                            .intoArray(out, o);
                    ((FloatVector) last.and(15)
                                    .or(upper.lanewise(VectorOperators.LSHL, 2).and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .mul(scale1)
                            .intoArray(out, o + GROUP);
                    ((FloatVector) first.lanewise(VectorOperators.LSHR, 4)
                                    .or(upper.and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .mul(scale2)
                            .intoArray(out, o + 2 * GROUP);
                    ((FloatVector) last.lanewise(VectorOperators.LSHR, 4)
                                    .or(upper.lanewise(VectorOperators.LSHR, 2).and(0x30))
                                    .sub(32)
                                    .convertShape(VectorOperators.I2F, FLOATS, 0))
                            .mul(scale3)
                            .intoArray(out, o + 3 * GROUP);
                }
            }
        }
    }
}
