package io.longinfer.kernels.vector;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Products of float rows with a matrix of fp16 numbers in memory that are decoded on the way, once for all rows. Stateless.
 *
 * <p>Moving the bits of an fp16 number to where a float has them gives its value times 2^-112, exactly, subnormals too:
 * three instructions, if the factor is made up for elsewhere. {@link #multiply} leaves that to its caller: with rows times
 * {@link #HALF_SCALE} and results times {@link #HALF_SCALE} again nothing can overflow or lose bits on the way.
 */
public final class HalfFloats {
    /** 2^56: its square takes a decoded number back to its value. */
    public static final float HALF_SCALE = 0x1p56f;

    /** Most rows that share a decoded vector; more would not fit 16 registers. */
    private static final int MOST_ROWS = 4;

    private HalfFloats() {}

    /** The fp16 numbers at an offset in bytes, times 2^-112. Infinities and NaNs come out as numbers above 65504 * 2^-112. */
    public static FloatVector load(MemorySegment memory, long offset) {
        IntVector wide =
                (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, memory, offset, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.S2I, Lanes.INTS, 0);
        // The sign was extended over five bits, of which the exponent's upper three must go.
        return wide.lanewise(VectorOperators.LSHL, 13).and(0x8FFFE000).reinterpretAsFloats();
    }

    /**
     * {@code out[r][0..2 COUNT) += sum_i rows[r][i] * h[i]} where {@code h[i]} are the numbers, times 2^-112, of two
     * vectors at {@code first + i * strideBytes} and {@code second + i * strideBytes}.
     *
     * @param count rows of the matrix, even
     * @param rows {@code [rowCount][rowStride]} from {@code rowsOffset}
     * @param out {@code [rowCount][outStride]} from {@code outOffset}
     */
    public static void multiply(
            MemorySegment memory,
            long first,
            long second,
            long strideBytes,
            int count,
            int rowCount,
            float[] rows,
            int rowsOffset,
            int rowStride,
            float[] out,
            int outOffset,
            int outStride) {
        int r = 0;
        while (r < rowCount) {
            int slices = (rowCount - r + MOST_ROWS - 1) / MOST_ROWS;
            int slice = (rowCount - r + slices - 1) / slices;
            int b = rowsOffset + r * rowStride;
            int o = outOffset + r * outStride;
            switch (slice) {
                case 1 -> one(memory, first, second, strideBytes, count, rows, b, out, o);
                case 2 -> two(memory, first, second, strideBytes, count, rows, b, rowStride, out, o, outStride);
                case 3 -> three(memory, first, second, strideBytes, count, rows, b, rowStride, out, o, outStride);
                default -> four(memory, first, second, strideBytes, count, rows, b, rowStride, out, o, outStride);
            }
            r += slice;
        }
    }

    private static void one(
            MemorySegment memory,
            long first,
            long second,
            long strideBytes,
            int count,
            float[] rows,
            int b,
            float[] out,
            int o) {
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        // Two sums each: one chain of additions would wait for itself.
        FloatVector t0 = FloatVector.zero(FLOATS);
        FloatVector t1 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i += 2) {
            FloatVector x = FloatVector.broadcast(FLOATS, rows[b + i]);
            FloatVector y = FloatVector.broadcast(FLOATS, rows[b + i + 1]);
            long even = i * strideBytes;
            long odd = even + strideBytes;
            s0 = load(memory, first + even).fma(x, s0);
            s1 = load(memory, second + even).fma(x, s1);
            t0 = load(memory, first + odd).fma(y, t0);
            t1 = load(memory, second + odd).fma(y, t1);
        }
        s0.add(t0).intoArray(out, o);
        s1.add(t1).intoArray(out, o + COUNT);
    }

    private static void two(
            MemorySegment memory,
            long first,
            long second,
            long strideBytes,
            int count,
            float[] rows,
            int b,
            int rowStride,
            float[] out,
            int o,
            int outStride) {
        int p = o + outStride;
        int c = b + rowStride;
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        FloatVector t0 = FloatVector.fromArray(FLOATS, out, p);
        FloatVector t1 = FloatVector.fromArray(FLOATS, out, p + COUNT);
        for (int i = 0; i < count; i++) {
            FloatVector h0 = load(memory, first + i * strideBytes);
            FloatVector h1 = load(memory, second + i * strideBytes);
            FloatVector x = FloatVector.broadcast(FLOATS, rows[b + i]);
            s0 = h0.fma(x, s0);
            s1 = h1.fma(x, s1);
            FloatVector y = FloatVector.broadcast(FLOATS, rows[c + i]);
            t0 = h0.fma(y, t0);
            t1 = h1.fma(y, t1);
        }
        s0.intoArray(out, o);
        s1.intoArray(out, o + COUNT);
        t0.intoArray(out, p);
        t1.intoArray(out, p + COUNT);
    }

    private static void three(
            MemorySegment memory,
            long first,
            long second,
            long strideBytes,
            int count,
            float[] rows,
            int b,
            int rowStride,
            float[] out,
            int o,
            int outStride) {
        int p = o + outStride;
        int w = p + outStride;
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        FloatVector t0 = FloatVector.fromArray(FLOATS, out, p);
        FloatVector t1 = FloatVector.fromArray(FLOATS, out, p + COUNT);
        FloatVector u0 = FloatVector.fromArray(FLOATS, out, w);
        FloatVector u1 = FloatVector.fromArray(FLOATS, out, w + COUNT);
        for (int i = 0; i < count; i++) {
            FloatVector h0 = load(memory, first + i * strideBytes);
            FloatVector h1 = load(memory, second + i * strideBytes);
            FloatVector x = FloatVector.broadcast(FLOATS, rows[b + i]);
            s0 = h0.fma(x, s0);
            s1 = h1.fma(x, s1);
            FloatVector y = FloatVector.broadcast(FLOATS, rows[b + rowStride + i]);
            t0 = h0.fma(y, t0);
            t1 = h1.fma(y, t1);
            FloatVector z = FloatVector.broadcast(FLOATS, rows[b + 2 * rowStride + i]);
            u0 = h0.fma(z, u0);
            u1 = h1.fma(z, u1);
        }
        s0.intoArray(out, o);
        s1.intoArray(out, o + COUNT);
        t0.intoArray(out, p);
        t1.intoArray(out, p + COUNT);
        u0.intoArray(out, w);
        u1.intoArray(out, w + COUNT);
    }

    private static void four(
            MemorySegment memory,
            long first,
            long second,
            long strideBytes,
            int count,
            float[] rows,
            int b,
            int rowStride,
            float[] out,
            int o,
            int outStride) {
        int p = o + outStride;
        int w = p + outStride;
        int z = w + outStride;
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        FloatVector t0 = FloatVector.fromArray(FLOATS, out, p);
        FloatVector t1 = FloatVector.fromArray(FLOATS, out, p + COUNT);
        FloatVector u0 = FloatVector.fromArray(FLOATS, out, w);
        FloatVector u1 = FloatVector.fromArray(FLOATS, out, w + COUNT);
        FloatVector v0 = FloatVector.fromArray(FLOATS, out, z);
        FloatVector v1 = FloatVector.fromArray(FLOATS, out, z + COUNT);
        for (int i = 0; i < count; i++) {
            FloatVector h0 = load(memory, first + i * strideBytes);
            FloatVector h1 = load(memory, second + i * strideBytes);
            FloatVector x = FloatVector.broadcast(FLOATS, rows[b + i]);
            s0 = h0.fma(x, s0);
            s1 = h1.fma(x, s1);
            x = FloatVector.broadcast(FLOATS, rows[b + rowStride + i]);
            t0 = h0.fma(x, t0);
            t1 = h1.fma(x, t1);
            x = FloatVector.broadcast(FLOATS, rows[b + 2 * rowStride + i]);
            u0 = h0.fma(x, u0);
            u1 = h1.fma(x, u1);
            x = FloatVector.broadcast(FLOATS, rows[b + 3 * rowStride + i]);
            v0 = h0.fma(x, v0);
            v1 = h1.fma(x, v1);
        }
        s0.intoArray(out, o);
        s1.intoArray(out, o + COUNT);
        t0.intoArray(out, p);
        t1.intoArray(out, p + COUNT);
        u0.intoArray(out, w);
        u1.intoArray(out, w + COUNT);
        v0.intoArray(out, z);
        v1.intoArray(out, z + COUNT);
    }
}
