package io.longinfer.kernels.linear;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;

import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * Products with a few tokens as tiles of dot products: two rows are expanded to floats, and four tokens keep eight sums
 * over them in registers. Needs no panel laid out anew as {@link OuterTiles} does, but sums must be added up over lanes.
 */
final class DotTiles {
    private static final int ROWS = 2;
    private static final int TOKENS = 4;

    /** Floats of scratch that a tile's sums take. */
    static final int SUMS = ROWS * TOKENS * COUNT;

    private DotTiles() {}

    static void matMul(
            WeightMatrix w,
            int rowFrom,
            int rowTo,
            float[] x,
            int xStride,
            int tokens,
            float[] y,
            int yStride,
            Scratch scratch) {
        int columns = w.columns();
        long rowBytes = w.rowBytes();
        float[] rows = scratch.rows(ROWS * columns);
        for (int r = rowFrom; r < rowTo; r += ROWS) {
            int height = Math.min(ROWS, rowTo - r);
            for (int i = 0; i < height; i++) {
                Formats.expand(w.type(), w.data(), (r + i) * rowBytes, columns, rows, i * columns);
            }
            for (int t = 0; t < tokens; t += TOKENS) {
                int width = Math.min(TOKENS, tokens - t);
                tile(rows, columns, height, x, t * xStride, xStride, width, scratch.sums());
                emit(scratch.sums(), width, height, y, t * yStride + r, yStride);
                tail(rows, columns, height, x, t * xStride, xStride, width, y, t * yStride + r, yStride);
            }
        }
    }

    /**
     * The sums of whole vectors, {@code [TOKENS][ROWS][COUNT]}. A token or row that is not there is computed as the last one
     * again. Written without helpers, so that nothing keeps the compiler from holding every vector in a register.
     */
    private static void tile(
            float[] rows, int columns, int height, float[] x, int x0, int xStride, int width, float[] sums) {
        int w1 = (height - 1) * columns;
        int x1 = x0 + Math.min(1, width - 1) * xStride;
        int x2 = x0 + Math.min(2, width - 1) * xStride;
        int x3 = x0 + Math.min(3, width - 1) * xStride;
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = FloatVector.zero(FLOATS);
        FloatVector a2 = FloatVector.zero(FLOATS);
        FloatVector a3 = FloatVector.zero(FLOATS);
        FloatVector b0 = FloatVector.zero(FLOATS);
        FloatVector b1 = FloatVector.zero(FLOATS);
        FloatVector b2 = FloatVector.zero(FLOATS);
        FloatVector b3 = FloatVector.zero(FLOATS);
        for (int c = 0; c <= columns - COUNT; c += COUNT) {
            FloatVector a = FloatVector.fromArray(FLOATS, rows, c);
            FloatVector b = FloatVector.fromArray(FLOATS, rows, w1 + c);
            FloatVector v = FloatVector.fromArray(FLOATS, x, x0 + c);
            a0 = v.fma(a, a0);
            b0 = v.fma(b, b0);
            v = FloatVector.fromArray(FLOATS, x, x1 + c);
            a1 = v.fma(a, a1);
            b1 = v.fma(b, b1);
            v = FloatVector.fromArray(FLOATS, x, x2 + c);
            a2 = v.fma(a, a2);
            b2 = v.fma(b, b2);
            v = FloatVector.fromArray(FLOATS, x, x3 + c);
            a3 = v.fma(a, a3);
            b3 = v.fma(b, b3);
        }
        a0.intoArray(sums, 0);
        b0.intoArray(sums, COUNT);
        a1.intoArray(sums, 2 * COUNT);
        b1.intoArray(sums, 3 * COUNT);
        a2.intoArray(sums, 4 * COUNT);
        b2.intoArray(sums, 5 * COUNT);
        a3.intoArray(sums, 6 * COUNT);
        b3.intoArray(sums, 7 * COUNT);
    }

    private static void emit(float[] sums, int width, int height, float[] y, int yAt, int yStride) {
        for (int t = 0; t < width; t++) {
            for (int i = 0; i < height; i++) {
                y[yAt + t * yStride + i] = Lanes.sum(sums, (t * ROWS + i) * COUNT);
            }
        }
    }

    /** Adds the columns behind the last whole vector; formats with blocks have none. */
    private static void tail(
            float[] rows,
            int columns,
            int height,
            float[] x,
            int xAt,
            int xStride,
            int width,
            float[] y,
            int yAt,
            int yStride) {
        for (int c = FLOATS.loopBound(columns); c < columns; c++) {
            for (int t = 0; t < width; t++) {
                for (int i = 0; i < height; i++) {
                    int at = yAt + t * yStride + i;
                    y[at] = Math.fma(rows[i * columns + c], x[xAt + t * xStride + c], y[at]);
                }
            }
        }
    }
}
