package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.TensorType;
import java.lang.foreign.MemorySegment;

/** Sends each {@link TensorType} to the class that reads its family. */
final class Formats {
    private Formats() {}

    /** Reads {@code count} values, whole blocks, into {@code out}. */
    static void expand(TensorType type, MemorySegment data, long at, int count, float[] out, int outAt) {
        int small = count / SmallBlocks.ELEMENTS;
        int big = count / SuperBlocks.ELEMENTS;
        switch (type) {
            case F32 -> PlainRows.expandF32(data, at, count, out, outAt);
            case F16 -> PlainRows.expandF16(data, at, count, out, outAt);
            case BF16 -> PlainRows.expandBF16(data, at, count, out, outAt);
            case Q8_0 -> SmallBlocks.expandQ8_0(data, at, small, out, outAt);
            case Q4_0 -> SmallBlocks.expandQ4_0(data, at, small, out, outAt);
            case Q4_1 -> SmallBlocks.expandQ4_1(data, at, small, out, outAt);
            case Q5_0 -> SmallBlocks.expandQ5_0(data, at, small, out, outAt);
            case Q5_1 -> SmallBlocks.expandQ5_1(data, at, small, out, outAt);
            case Q4_K -> SuperBlocks.expandQ4_K(data, at, big, out, outAt);
            case Q5_K -> SuperBlocks.expandQ5_K(data, at, big, out, outAt);
            case Q6_K -> SixBitBlocks.expandQ6_K(data, at, big, out, outAt);
        }
    }

    /** Whether {@link #dot} takes the sums of each 32 activations. */
    static boolean needsSums(TensorType type) {
        return switch (type) {
            case Q5_0, Q5_1, Q4_K, Q5_K -> true;
            case Q4_0, Q4_1, F32, F16, BF16, Q8_0, Q6_K -> false;
        };
    }

    /** The product of one row with {@code x}, for formats whose rows are not multiplied in pairs; with scratch of {@code [COUNT]}. */
    static float dot(
            TensorType type,
            MemorySegment data,
            long at,
            int columns,
            float[] x,
            int xAt,
            float[] sums,
            float[] lanes) {
        int small = columns / SmallBlocks.ELEMENTS;
        int big = columns / SuperBlocks.ELEMENTS;
        return switch (type) {
            case F32 -> PlainRows.dotF32(data, at, columns, x, xAt, lanes);
            case F16 -> PlainRows.dotF16(data, at, columns, x, xAt, lanes);
            case BF16 -> PlainRows.dotBF16(data, at, columns, x, xAt, lanes);
            case Q8_0 -> SmallBlocks.dotQ8_0(data, at, small, x, xAt, lanes);
            case Q4_0, Q4_1 -> throw new IllegalArgumentException("rows of " + type + " are multiplied in pairs");
            case Q5_0 -> SmallBlocks.dotQ5_0(data, at, small, x, xAt, sums, lanes);
            case Q5_1 -> SmallBlocks.dotQ5_1(data, at, small, x, xAt, sums, lanes);
            case Q4_K -> SuperBlocks.dotQ4_K(data, at, big, x, xAt, sums, lanes);
            case Q5_K -> SuperBlocks.dotQ5_K(data, at, big, x, xAt, sums, lanes);
            case Q6_K -> SixBitBlocks.dotQ6_K(data, at, big, x, xAt, lanes);
        };
    }
}
