package io.longinfer.kernels.vector;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;
import static io.longinfer.kernels.vector.Lanes.INTS;
import static io.longinfer.kernels.vector.Lanes.SHORTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products of float rows with two columns, each {@link Lanes#COUNT} wide, of fp16 numbers in memory, decoded on the way and
 * once for all rows. The columns' numbers may be spread over several blocks: keys of a chunk are one, values of many chunks
 * are as many.
 *
 * <p>Moving the bits of an fp16 number to where a float has them gives its value times 2^-112, exactly, subnormals too:
 * three instructions, if the factor is made up for elsewhere. {@link #multiply} leaves that to its caller: with rows times
 * {@link #HALF_SCALE} and results times {@link #HALF_SCALE} again, nothing overflows or loses bits on the way.
 *
 * <p>The decoding is written out wherever it is needed: a method that gives vectors allocates them wherever the compiler
 * does not inline it, and in a large caller it may not.
 *
 * <p>A mutable description of the columns that one thread sets and uses; not thread-safe.
 */
public final class HalfColumns {
    /** 2^56: its square takes a decoded number to its value. */
    public static final float HALF_SCALE = 0x1p56f;

    /** The sign was extended over five bits, of which those of the exponent must go. */
    private static final int SIGN_AND_NUMBER = 0x8FFFE000;

    /** Most rows that share a decoded vector; the sums of more would not fit 16 registers. */
    private static final int MOST_ROWS = 4;

    private MemorySegment memory = MemorySegment.NULL;
    private long strideBytes;
    private int count;
    private long[] offsets = {};
    private int from;
    private int to;
    private long first;
    private long second;

    /**
     * Sets what a block is like.
     *
     * @param strideBytes from one number of a column to the next
     * @param count numbers of a block, even
     */
    public void blocks(MemorySegment memory, long strideBytes, int count) {
        this.memory = memory;
        this.strideBytes = strideBytes;
        this.count = count;
    }

    /** Sets where the blocks lie: those at {@code offsets[from]} to {@code offsets[to - 1]}, in bytes. */
    public void at(long[] offsets, int from, int to) {
        this.offsets = offsets;
        this.from = from;
        this.to = to;
    }

    /** Sets where the two columns start in each block, in bytes from its offset. */
    public void pair(long first, long second) {
        this.first = first;
        this.second = second;
    }

    /**
     * {@code out[r][0..2 COUNT) += sum_i rows[r][i] * h[i]} where {@code h[i]} are the numbers, times 2^-112, of both
     * columns, and {@code i} goes through all numbers of one block after the other.
     *
     * @param rows {@code [rowCount][rowStride]} from {@code rowsOffset}
     * @param out {@code [rowCount][outStride]} from {@code outOffset}
     */
    public void multiply(
            int rowCount, float[] rows, int rowsOffset, int rowStride, float[] out, int outOffset, int outStride) {
        int r = 0;
        while (r < rowCount) {
            // Five rows are three and two, not four and one: each slice decodes anew.
            int slices = (rowCount - r + MOST_ROWS - 1) / MOST_ROWS;
            int slice = (rowCount - r + slices - 1) / slices;
            int row = rowsOffset + r * rowStride;
            int o = outOffset + r * outStride;
            switch (slice) {
                case 1 -> one(rows, row, out, o);
                case 2 -> two(rows, row, rowStride, out, o, outStride);
                case 3 -> three(rows, row, rowStride, out, o, outStride);
                default -> four(rows, row, rowStride, out, o, outStride);
            }
            r += slice;
        }
    }

    private void one(float[] rows, int row, float[] out, int o) {
        MemorySegment memory = this.memory;
        long strideBytes = this.strideBytes;
        int count = this.count;
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        // Two sums each: one chain of additions would wait for itself.
        FloatVector t0 = FloatVector.zero(FLOATS);
        FloatVector t1 = FloatVector.zero(FLOATS);
        int b = row;
        for (int block = from; block < to; block++) {
            long even0 = offsets[block] + first;
            long even1 = offsets[block] + second;
            for (int i = 0; i < count; i += 2) {
                FloatVector x = FloatVector.broadcast(FLOATS, rows[b + i]);
                s0 = ShortVector.fromMemorySegment(SHORTS, memory, even0 + i * strideBytes, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats()
                        .fma(x, s0);
                s1 = ShortVector.fromMemorySegment(SHORTS, memory, even1 + i * strideBytes, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats()
                        .fma(x, s1);
                x = FloatVector.broadcast(FLOATS, rows[b + i + 1]);
                t0 = ShortVector.fromMemorySegment(SHORTS, memory, even0 + (i + 1) * strideBytes, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats()
                        .fma(x, t0);
                t1 = ShortVector.fromMemorySegment(SHORTS, memory, even1 + (i + 1) * strideBytes, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats()
                        .fma(x, t1);
            }
            b += count;
        }
        s0.add(t0).intoArray(out, o);
        s1.add(t1).intoArray(out, o + COUNT);
    }

    private void two(float[] rows, int row, int rowStride, float[] out, int o, int outStride) {
        MemorySegment memory = this.memory;
        long strideBytes = this.strideBytes;
        int count = this.count;
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        FloatVector t0 = FloatVector.fromArray(FLOATS, out, o + outStride);
        FloatVector t1 = FloatVector.fromArray(FLOATS, out, o + outStride + COUNT);
        int b = row;
        for (int block = from; block < to; block++) {
            long at0 = offsets[block] + first;
            long at1 = offsets[block] + second;
            for (int i = 0; i < count; i++) {
                FloatVector h0 = ShortVector.fromMemorySegment(SHORTS, memory, at0, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats();
                FloatVector h1 = ShortVector.fromMemorySegment(SHORTS, memory, at1, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats();
                at0 += strideBytes;
                at1 += strideBytes;
                FloatVector x = FloatVector.broadcast(FLOATS, rows[b + i]);
                s0 = h0.fma(x, s0);
                s1 = h1.fma(x, s1);
                x = FloatVector.broadcast(FLOATS, rows[b + rowStride + i]);
                t0 = h0.fma(x, t0);
                t1 = h1.fma(x, t1);
            }
            b += count;
        }
        s0.intoArray(out, o);
        s1.intoArray(out, o + COUNT);
        t0.intoArray(out, o + outStride);
        t1.intoArray(out, o + outStride + COUNT);
    }

    private void three(float[] rows, int row, int rowStride, float[] out, int o, int outStride) {
        MemorySegment memory = this.memory;
        long strideBytes = this.strideBytes;
        int count = this.count;
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        FloatVector t0 = FloatVector.fromArray(FLOATS, out, o + outStride);
        FloatVector t1 = FloatVector.fromArray(FLOATS, out, o + outStride + COUNT);
        FloatVector u0 = FloatVector.fromArray(FLOATS, out, o + 2 * outStride);
        FloatVector u1 = FloatVector.fromArray(FLOATS, out, o + 2 * outStride + COUNT);
        int b = row;
        for (int block = from; block < to; block++) {
            long at0 = offsets[block] + first;
            long at1 = offsets[block] + second;
            for (int i = 0; i < count; i++) {
                FloatVector h0 = ShortVector.fromMemorySegment(SHORTS, memory, at0, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats();
                FloatVector h1 = ShortVector.fromMemorySegment(SHORTS, memory, at1, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats();
                at0 += strideBytes;
                at1 += strideBytes;
                FloatVector x = FloatVector.broadcast(FLOATS, rows[b + i]);
                s0 = h0.fma(x, s0);
                s1 = h1.fma(x, s1);
                x = FloatVector.broadcast(FLOATS, rows[b + rowStride + i]);
                t0 = h0.fma(x, t0);
                t1 = h1.fma(x, t1);
                x = FloatVector.broadcast(FLOATS, rows[b + 2 * rowStride + i]);
                u0 = h0.fma(x, u0);
                u1 = h1.fma(x, u1);
            }
            b += count;
        }
        s0.intoArray(out, o);
        s1.intoArray(out, o + COUNT);
        t0.intoArray(out, o + outStride);
        t1.intoArray(out, o + outStride + COUNT);
        u0.intoArray(out, o + 2 * outStride);
        u1.intoArray(out, o + 2 * outStride + COUNT);
    }

    private void four(float[] rows, int row, int rowStride, float[] out, int o, int outStride) {
        MemorySegment memory = this.memory;
        long strideBytes = this.strideBytes;
        int count = this.count;
        FloatVector s0 = FloatVector.fromArray(FLOATS, out, o);
        FloatVector s1 = FloatVector.fromArray(FLOATS, out, o + COUNT);
        FloatVector t0 = FloatVector.fromArray(FLOATS, out, o + outStride);
        FloatVector t1 = FloatVector.fromArray(FLOATS, out, o + outStride + COUNT);
        FloatVector u0 = FloatVector.fromArray(FLOATS, out, o + 2 * outStride);
        FloatVector u1 = FloatVector.fromArray(FLOATS, out, o + 2 * outStride + COUNT);
        FloatVector v0 = FloatVector.fromArray(FLOATS, out, o + 3 * outStride);
        FloatVector v1 = FloatVector.fromArray(FLOATS, out, o + 3 * outStride + COUNT);
        int b = row;
        for (int block = from; block < to; block++) {
            long at0 = offsets[block] + first;
            long at1 = offsets[block] + second;
            for (int i = 0; i < count; i++) {
                FloatVector h0 = ShortVector.fromMemorySegment(SHORTS, memory, at0, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats();
                FloatVector h1 = ShortVector.fromMemorySegment(SHORTS, memory, at1, LITTLE_ENDIAN)
                        .convertShape(S2I, INTS, 0)
                        .reinterpretAsInts()
                        .lanewise(LSHL, 13)
                        .and(SIGN_AND_NUMBER)
                        .reinterpretAsFloats();
                at0 += strideBytes;
                at1 += strideBytes;
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
            b += count;
        }
        s0.intoArray(out, o);
        s1.intoArray(out, o + COUNT);
        t0.intoArray(out, o + outStride);
        t1.intoArray(out, o + outStride + COUNT);
        u0.intoArray(out, o + 2 * outStride);
        u1.intoArray(out, o + 2 * outStride + COUNT);
        v0.intoArray(out, o + 3 * outStride);
        v1.intoArray(out, o + 3 * outStride + COUNT);
    }

    /** Writes a column of {@code count} vectors of fp16 numbers to {@code panel[to..]}, as they are. */
    public static void decode(MemorySegment memory, long from, long strideBytes, int count, float[] panel, int to) {
        long at = from;
        for (int i = 0; i < count; i++) {
            ShortVector.fromMemorySegment(SHORTS, memory, at, LITTLE_ENDIAN)
                    .convertShape(S2I, INTS, 0)
                    .reinterpretAsInts()
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_NUMBER)
                    .reinterpretAsFloats()
                    .mul(HALF_SCALE)
                    .mul(HALF_SCALE)
                    .intoArray(panel, to + i * COUNT);
            at += strideBytes;
        }
    }
}
