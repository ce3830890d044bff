package io.longinfer.kernels.attention;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;

/**
 * The inner loop of prefill: products of {@link #ROWS} rows with a panel, in blocks whose sums stay in registers (12 of the
 * 16 that AVX2 has). Stateless.
 */
final class OuterProducts {
    /** Rows of a block. */
    static final int ROWS = 5;

    private OuterProducts() {}

    /**
     * {@code out[r][0..2 COUNT) = sum_i x[rows[r] + i] * (first[i], second[i])} for {@code 0 <= i < count}.
     *
     * @param x where the rows lie, each from an offset of its own
     * @param panel where the two columns lie, {@code [count][COUNT]} each
     * @param out {@code [ROWS][outStride]} from {@code outOffset}
     */
    static void multiply(
            float[] x,
            int[] rows,
            float[] panel,
            int first,
            int second,
            int count,
            float[] out,
            int outOffset,
            int outStride) {
        int row0 = rows[0];
        int row1 = rows[1];
        int row2 = rows[2];
        int row3 = rows[3];
        int row4 = rows[4];
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector b0 = a0;
        FloatVector a1 = a0;
        FloatVector b1 = a0;
        FloatVector a2 = a0;
        FloatVector b2 = a0;
        FloatVector a3 = a0;
        FloatVector b3 = a0;
        FloatVector a4 = a0;
        FloatVector b4 = a0;
        for (int i = 0; i < count; i++) {
            FloatVector a = FloatVector.fromArray(FLOATS, panel, first + i * COUNT);
            FloatVector b = FloatVector.fromArray(FLOATS, panel, second + i * COUNT);
            FloatVector w = FloatVector.broadcast(FLOATS, x[row0 + i]);
            a0 = a.fma(w, a0);
            b0 = b.fma(w, b0);
            w = FloatVector.broadcast(FLOATS, x[row1 + i]);
            a1 = a.fma(w, a1);
            b1 = b.fma(w, b1);
            w = FloatVector.broadcast(FLOATS, x[row2 + i]);
            a2 = a.fma(w, a2);
            b2 = b.fma(w, b2);
            w = FloatVector.broadcast(FLOATS, x[row3 + i]);
            a3 = a.fma(w, a3);
            b3 = b.fma(w, b3);
            w = FloatVector.broadcast(FLOATS, x[row4 + i]);
            a4 = a.fma(w, a4);
            b4 = b.fma(w, b4);
        }
        a0.intoArray(out, outOffset);
        b0.intoArray(out, outOffset + COUNT);
        a1.intoArray(out, outOffset + outStride);
        b1.intoArray(out, outOffset + outStride + COUNT);
        a2.intoArray(out, outOffset + 2 * outStride);
        b2.intoArray(out, outOffset + 2 * outStride + COUNT);
        a3.intoArray(out, outOffset + 3 * outStride);
        b3.intoArray(out, outOffset + 3 * outStride + COUNT);
        a4.intoArray(out, outOffset + 4 * outStride);
        b4.intoArray(out, outOffset + 4 * outStride + COUNT);
    }
}
