package io.longinfer.kernels.linear;

import static io.longinfer.kernels.linear.Loads.load;
import static io.longinfer.kernels.linear.Loads.signedShorts;
import static io.longinfer.kernels.linear.Loads.zero;
import static io.longinfer.kernels.vector.Lanes.COUNT;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Rows without blocks: F32, F16 and BF16. Any number of columns; what is left behind the last vector is read one by one. */
final class PlainRows {
    private PlainRows() {}

    static float dotF32(MemorySegment w, long at, int columns, float[] x, int xAt, float[] lanes) {
        FloatVector a = zero();
        FloatVector b = zero();
        int c = 0;
        for (; c <= columns - 2 * COUNT; c += 2 * COUNT) {
            a = f32(w, at + 4L * c).fma(load(x, xAt + c), a);
            b = f32(w, at + 4L * (c + COUNT)).fma(load(x, xAt + c + COUNT), b);
        }
        a.add(b).intoArray(lanes, 0);
        float sum = Lanes.sum(lanes, 0);
        return c == columns ? sum : sum + dotTail(TensorType.F32, w, at, c, columns, x, xAt);
    }

    static float dotF16(MemorySegment w, long at, int columns, float[] x, int xAt, float[] lanes) {
        FloatVector a = zero();
        FloatVector b = zero();
        int c = 0;
        for (; c <= columns - 2 * COUNT; c += 2 * COUNT) {
            a = f16(w, at + 2L * c).fma(load(x, xAt + c), a);
            b = f16(w, at + 2L * (c + COUNT)).fma(load(x, xAt + c + COUNT), b);
        }
        a.add(b).intoArray(lanes, 0);
        float sum = Lanes.sum(lanes, 0);
        return c == columns ? sum : sum + dotTail(TensorType.F16, w, at, c, columns, x, xAt);
    }

    static float dotBF16(MemorySegment w, long at, int columns, float[] x, int xAt, float[] lanes) {
        FloatVector a = zero();
        FloatVector b = zero();
        int c = 0;
        for (; c <= columns - 2 * COUNT; c += 2 * COUNT) {
            a = bf16(w, at + 2L * c).fma(load(x, xAt + c), a);
            b = bf16(w, at + 2L * (c + COUNT)).fma(load(x, xAt + c + COUNT), b);
        }
        a.add(b).intoArray(lanes, 0);
        float sum = Lanes.sum(lanes, 0);
        return c == columns ? sum : sum + dotTail(TensorType.BF16, w, at, c, columns, x, xAt);
    }

    /** Reads {@code count} values from {@code at} into {@code out}. */
    static void expandF32(MemorySegment w, long at, int count, float[] out, int outAt) {
        int c = 0;
        for (; c <= count - COUNT; c += COUNT) {
            f32(w, at + 4L * c).intoArray(out, outAt + c);
        }
        expandTail(TensorType.F32, w, at, c, count, out, outAt);
    }

    static void expandF16(MemorySegment w, long at, int count, float[] out, int outAt) {
        int c = 0;
        for (; c <= count - COUNT; c += COUNT) {
            f16(w, at + 2L * c).intoArray(out, outAt + c);
        }
        expandTail(TensorType.F16, w, at, c, count, out, outAt);
    }

    static void expandBF16(MemorySegment w, long at, int count, float[] out, int outAt) {
        int c = 0;
        for (; c <= count - COUNT; c += COUNT) {
            bf16(w, at + 2L * c).intoArray(out, outAt + c);
        }
        expandTail(TensorType.BF16, w, at, c, count, out, outAt);
    }

    private static FloatVector f32(MemorySegment w, long at) {
        return FloatVector.fromMemorySegment(Lanes.FLOATS, w, at, ByteOrder.LITTLE_ENDIAN);
    }

    private static FloatVector bf16(MemorySegment w, long at) {
        return signedShorts(w, at).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /**
     * Half to single precision, exactly. A normal half has its exponent moved to float's bias; a subnormal one is its
     * integer value times 2^-24, since shifted it would be a subnormal float, on which some processors trap. Infinities and
     * NaNs become large finite numbers: weights have none.
     */
    private static FloatVector f16(MemorySegment w, long at) {
        IntVector bits = signedShorts(w, at);
        IntVector magnitude = bits.and(0x7FFF);
        FloatVector subnormal = Loads.floats(magnitude).mul(0x1p-24f);
        IntVector normal = magnitude.lanewise(VectorOperators.LSHL, 13).add(112 << 23);
        VectorMask<Integer> small = magnitude.compare(VectorOperators.LT, 0x400);
        return normal.blend(subnormal.reinterpretAsInts(), small)
                .or(bits.and(Integer.MIN_VALUE))
                .reinterpretAsFloats();
    }

    private static float dotTail(TensorType type, MemorySegment w, long at, int from, int columns, float[] x, int xAt) {
        float sum = 0;
        for (int c = from; c < columns; c++) {
            sum = Math.fma(value(type, w, at + type.sizeBytes(c)), x[xAt + c], sum);
        }
        return sum;
    }

    private static void expandTail(
            TensorType type, MemorySegment w, long at, int from, int count, float[] out, int outAt) {
        for (int c = from; c < count; c++) {
            out[outAt + c] = value(type, w, at + type.sizeBytes(c));
        }
    }

    private static float value(TensorType type, MemorySegment w, long at) {
        return switch (type) {
            case F32 -> Float.intBitsToFloat(Loads.int32(w, at));
            case F16 -> Loads.half(w, at);
            case BF16 -> Float.intBitsToFloat(w.get(Loads.LITTLE_SHORT, at) << 16);
            default -> throw new IllegalArgumentException(type + " has blocks");
        };
    }
}
