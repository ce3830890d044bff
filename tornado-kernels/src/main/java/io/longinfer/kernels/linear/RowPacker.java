package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Writes rows of a matrix as {@link PackedLayout} says. Thread-safe on disjoint rows. */
final class RowPacker {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int BLOCK = 32;
    private static final int UNIT = PackedLayout.UNIT_INTS;

    private final WeightMatrix matrix;
    private final MemorySegment data;
    private final int format;
    private final int columns;

    RowPacker(WeightMatrix matrix, int format) {
        this.matrix = matrix;
        this.format = format;
        data = matrix.data();
        columns = matrix.columns();
    }

    /** Floats, which lie in a row as they are. */
    void pack(int row, FloatArray target, int at) {
        float[] numbers = numbers(row, columns);
        for (int column = 0; column < columns; column++) {
            target.set(at + column, numbers[column]);
        }
    }

    void pack(int row, IntArray target, int at) {
        long source = row * matrix.rowBytes();
        switch (format) {
            case PackedLayout.Q8 -> bytes(source, target, at);
            case PackedLayout.Q4 -> nibbles(source, target, at);
            default -> halves(row, target, at);
        }
    }

    /** A row with zeros up to {@code length}. */
    private float[] numbers(int row, int length) {
        float[] numbers = new float[length];
        ScalarDequantizer.row(matrix.type(), data, row * matrix.rowBytes(), numbers, 0, columns);
        return numbers;
    }

    private void halves(int row, IntArray target, int at) {
        int ints = PackedLayout.valueInts(format, columns);
        float[] numbers = numbers(row, 2 * ints);
        for (int i = 0; i < ints; i++) {
            int column = PackedLayout.column(format, i);
            int low = Float.floatToFloat16(numbers[column]) & 0xffff;
            target.set(at + i, low | (Float.floatToFloat16(numbers[column + UNIT]) << 16));
        }
    }

    /** Blocks of Q8_0: a scale, 32 bytes. */
    private void bytes(long source, IntArray target, int at) {
        int units = PackedLayout.units(format, columns);
        int scales = at + units * UNIT;
        for (int unit = 0; unit < units; unit++) {
            long block = source + (long) unit * TensorType.Q8_0.blockBytes();
            int scale = data.get(HALF, block) & 0xffff;
            int slot = scales + unit / 2;
            target.set(slot, unit % 2 == 0 ? scale : target.get(slot) | (scale << 16));
            for (int i = 0; i < UNIT; i++) {
                int packed = 0;
                for (int k = 0; k < 4; k++) {
                    packed |= unsigned(block + 2L + i + (long) UNIT * k) << (8 * k);
                }
                target.set(at + unit * UNIT + i, packed);
            }
        }
    }

    /** Blocks of Q4_0, a scale and 16 bytes, or of Q4_1, with a minimum behind the scale. */
    private void nibbles(long source, IntArray target, int at) {
        TensorType type = matrix.type();
        int codes = type == TensorType.Q4_0 ? 2 : 4;
        int units = PackedLayout.units(format, columns);
        int blocks = columns / BLOCK;
        for (int i = 0; i < units * UNIT; i++) {
            target.set(at + i, 0);
        }
        for (int b = 0; b < 2 * units; b++) {
            int parameters = b < blocks ? parameters(source + (long) b * type.blockBytes()) : 0;
            target.set(at + units * UNIT + b, parameters);
        }
        for (int b = 0; b < blocks; b++) {
            long quants = source + (long) b * type.blockBytes() + codes;
            int half = 16 * (b % 2);
            for (int i = 0; i < UNIT; i++) {
                int first = unsigned(quants + i);
                int second = unsigned(quants + UNIT + i);
                int packed = (first & 15) | ((second & 15) << 4) | ((first >> 4) << 8) | ((second >> 4) << 12);
                int slot = at + b / 2 * UNIT + i;
                target.set(slot, target.get(slot) | (packed << half));
            }
        }
    }

    /** A block's scale and minimum. */
    private int parameters(long block) {
        int scale = data.get(HALF, block) & 0xffff;
        if (matrix.type() == TensorType.Q4_1) {
            return scale | (data.get(HALF, block + 2) << 16);
        }
        float minimum = -8 * Float.float16ToFloat((short) scale);
        short bits = Float.floatToFloat16(minimum);
        if (Float.float16ToFloat(bits) != minimum) {
            throw new IllegalArgumentException(
                    matrix.name() + " has a block with scale " + -minimum / 8 + ", 8 times which is no fp16 number");
        }
        return scale | (bits << 16);
    }

    private int unsigned(long at) {
        return Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, at));
    }
}
