package io.longinfer.kernels.linear;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;

import io.longinfer.kernels.quantization.WeightMatrix;
import jdk.incubator.vector.FloatVector;

/**
 * Products with many tokens as tiles of outer products: a panel of two vectors of rows is expanded to floats and laid out
 * column by column, so that a step takes one column's two vectors and one activation of each of six tokens, broadcast, to
 * twelve sums in registers. Nothing is added up over lanes.
 */
final class OuterTiles {
    /** Rows of a panel. */
    static final int ROWS = 2 * COUNT;

    static final int TOKENS = 6;

    /** Columns at a time: a panel of this many stays in the second-level cache. A multiple of every block. */
    private static final int DEPTH = 768;

    private OuterTiles() {}

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
        int most = Math.min(DEPTH, w.columns());
        float[] rows = scratch.rows(ROWS * most);
        float[] panel = scratch.panel(ROWS * most);
        float[] tile = scratch.tile();
        for (int r = rowFrom; r < rowTo; r += ROWS) {
            int height = Math.min(ROWS, rowTo - r);
            for (int c = 0; c < w.columns(); c += DEPTH) {
                int depth = Math.min(DEPTH, w.columns() - c);
                for (int i = 0; i < height; i++) {
                    long at = (r + i) * w.rowBytes() + w.type().sizeBytes(c);
                    Formats.expand(w.type(), w.data(), at, depth, rows, i * depth);
                }
                transpose(rows, depth, panel);
                for (int t = 0; t < tokens; t += TOKENS) {
                    int width = Math.min(TOKENS, tokens - t);
                    tile(panel, depth, x, t * xStride + c, xStride, width, tile);
                    emit(tile, width, height, y, t * yStride + r, yStride, c > 0);
                }
            }
        }
    }

    private static void emit(float[] tile, int width, int height, float[] y, int yAt, int yStride, boolean add) {
        for (int t = 0; t < width; t++) {
            int at = yAt + t * yStride;
            if (add) {
                for (int i = 0; i < height; i++) {
                    y[at + i] += tile[t * ROWS + i];
                }
            } else {
                System.arraycopy(tile, t * ROWS, y, at, height);
            }
        }
    }

    /** Lays rows out column by column, eight at a time; those that a last panel lacks hold what was there before. */
    private static void transpose(float[] rows, int depth, float[] panel) {
        for (int i = 0; i < ROWS; i += 8) {
            transposeEight(rows, i * depth, depth, panel, i);
        }
    }

    // Offsets that do not change in the loop let the compiler take every bounds check out of it.
    private static void transposeEight(float[] rows, int r0, int depth, float[] panel, int panelAt) {
        int r1 = r0 + depth;
        int r2 = r1 + depth;
        int r3 = r2 + depth;
        int r4 = r3 + depth;
        int r5 = r4 + depth;
        int r6 = r5 + depth;
        int r7 = r6 + depth;
        for (int c = 0; c < depth; c++) {
            int at = c * ROWS + panelAt;
            panel[at] = rows[r0 + c];
            panel[at + 1] = rows[r1 + c];
            panel[at + 2] = rows[r2 + c];
            panel[at + 3] = rows[r3 + c];
            panel[at + 4] = rows[r4 + c];
            panel[at + 5] = rows[r5 + c];
            panel[at + 6] = rows[r6 + c];
            panel[at + 7] = rows[r7 + c];
        }
    }

    /**
     * The results of six tokens, {@code [TOKENS][ROWS]}; a token that is not there is computed as the last one again. Written
     * without helpers, so that nothing keeps the compiler from holding every vector in a register.
     */
    private static void tile(float[] panel, int depth, float[] x, int x0, int xStride, int width, float[] tile) {
        int last = width - 1;
        int x1 = x0 + Math.min(1, last) * xStride;
        int x2 = x0 + Math.min(2, last) * xStride;
        int x3 = x0 + Math.min(3, last) * xStride;
        int x4 = x0 + Math.min(4, last) * xStride;
        int x5 = x0 + Math.min(5, last) * xStride;
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = FloatVector.zero(FLOATS);
        FloatVector a2 = FloatVector.zero(FLOATS);
        FloatVector a3 = FloatVector.zero(FLOATS);
        FloatVector a4 = FloatVector.zero(FLOATS);
        FloatVector a5 = FloatVector.zero(FLOATS);
        FloatVector b0 = FloatVector.zero(FLOATS);
        FloatVector b1 = FloatVector.zero(FLOATS);
        FloatVector b2 = FloatVector.zero(FLOATS);
        FloatVector b3 = FloatVector.zero(FLOATS);
        FloatVector b4 = FloatVector.zero(FLOATS);
        FloatVector b5 = FloatVector.zero(FLOATS);
        for (int c = 0; c < depth; c++) {
            FloatVector a = FloatVector.fromArray(FLOATS, panel, c * ROWS);
            FloatVector b = FloatVector.fromArray(FLOATS, panel, c * ROWS + COUNT);
            FloatVector v = FloatVector.broadcast(FLOATS, x[x0 + c]);
            a0 = v.fma(a, a0);
            b0 = v.fma(b, b0);
            v = FloatVector.broadcast(FLOATS, x[x1 + c]);
            a1 = v.fma(a, a1);
            b1 = v.fma(b, b1);
            v = FloatVector.broadcast(FLOATS, x[x2 + c]);
            a2 = v.fma(a, a2);
            b2 = v.fma(b, b2);
            v = FloatVector.broadcast(FLOATS, x[x3 + c]);
            a3 = v.fma(a, a3);
            b3 = v.fma(b, b3);
            v = FloatVector.broadcast(FLOATS, x[x4 + c]);
            a4 = v.fma(a, a4);
            b4 = v.fma(b, b4);
            v = FloatVector.broadcast(FLOATS, x[x5 + c]);
            a5 = v.fma(a, a5);
            b5 = v.fma(b, b5);
        }
        a0.intoArray(tile, 0 * COUNT);
        b0.intoArray(tile, 1 * COUNT);
        a1.intoArray(tile, 2 * COUNT);
        b1.intoArray(tile, 3 * COUNT);
        a2.intoArray(tile, 4 * COUNT);
        b2.intoArray(tile, 5 * COUNT);
        a3.intoArray(tile, 6 * COUNT);
        b3.intoArray(tile, 7 * COUNT);
        a4.intoArray(tile, 8 * COUNT);
        b4.intoArray(tile, 9 * COUNT);
        a5.intoArray(tile, 10 * COUNT);
        b5.intoArray(tile, 11 * COUNT);
    }
}
