package io.longinfer.kernels.linear;

import static io.longinfer.kernels.linear.Lanes.COUNT;
import static io.longinfer.kernels.linear.Lanes.load;
import static io.longinfer.kernels.linear.Lanes.zero;

import io.longinfer.kernels.quantization.WeightMatrix;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Products with several tokens as tiles of dot products: a panel of rows is expanded to floats once, and tiles of 4 tokens
 * by 3 rows keep 12 sums in registers.
 */
final class DotTiles {
    private static final int TOKENS = 4;
    private static final int ROWS = 3;
    private static final int PANEL_ROWS = 12;

    /** Columns at a time: a panel of this many stays in the second-level cache. A multiple of every block. */
    private static final int DEPTH = 2048;

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
            VectorLinearKernels.Scratch scratch) {
        float[] panel = scratch.panel(PANEL_ROWS * Math.min(DEPTH, w.columns()));
        for (int r = rowFrom; r < rowTo; r += PANEL_ROWS) {
            int rows = Math.min(PANEL_ROWS, rowTo - r);
            for (int c = 0; c < w.columns(); c += DEPTH) {
                int depth = Math.min(DEPTH, w.columns() - c);
                for (int i = 0; i < rows; i++) {
                    long at = (r + i) * w.rowBytes() + w.type().sizeBytes(c);
                    VectorLinearKernels.expand(w.type(), w.data(), at, depth, panel, i * depth);
                }
                panel(panel, rows, depth, x, c, xStride, tokens, y, r, yStride, c > 0);
            }
        }
    }

    private static void panel(
            float[] panel,
            int rows,
            int depth,
            float[] x,
            int xAt,
            int xStride,
            int tokens,
            float[] y,
            int yAt,
            int yStride,
            boolean add) {
        if (!add) {
            for (int t = 0; t < tokens; t++) {
                java.util.Arrays.fill(y, t * yStride + yAt, t * yStride + yAt + rows, 0);
            }
        }
        int t = 0;
        for (; t <= tokens - TOKENS; t += TOKENS) {
            int i = 0;
            for (; i <= rows - ROWS; i += ROWS) {
                tile(panel, i * depth, depth, x, xAt + t * xStride, xStride, y, yAt + t * yStride + i, yStride);
            }
            for (; i < rows; i++) {
                for (int k = t; k < t + TOKENS; k++) {
                    y[yAt + k * yStride + i] += single(panel, i * depth, depth, x, xAt + k * xStride);
                }
            }
        }
        for (; t < tokens; t++) {
            for (int i = 0; i < rows; i++) {
                y[yAt + t * yStride + i] += single(panel, i * depth, depth, x, xAt + t * xStride);
            }
        }
    }

    private static float single(float[] w, int wAt, int depth, float[] x, int xAt) {
        FloatVector sum = zero();
        int c = 0;
        for (; c <= depth - COUNT; c += COUNT) {
            sum = load(w, wAt + c).fma(load(x, xAt + c), sum);
        }
        float total = sum.reduceLanes(VectorOperators.ADD);
        for (; c < depth; c++) {
            total = Math.fma(w[wAt + c], x[xAt + c], total);
        }
        return total;
    }

    private static void tile(
            float[] w, int wAt, int depth, float[] x, int xAt, int xStride, float[] y, int yAt, int yStride) {
        FloatVector s00 = zero();
        FloatVector s01 = zero();
        FloatVector s02 = zero();
        FloatVector s10 = zero();
        FloatVector s11 = zero();
        FloatVector s12 = zero();
        FloatVector s20 = zero();
        FloatVector s21 = zero();
        FloatVector s22 = zero();
        FloatVector s30 = zero();
        FloatVector s31 = zero();
        FloatVector s32 = zero();
        int w1 = wAt + depth;
        int w2 = w1 + depth;
        int x1 = xAt + xStride;
        int x2 = x1 + xStride;
        int x3 = x2 + xStride;
        int c = 0;
        for (; c <= depth - COUNT; c += COUNT) {
            FloatVector r0 = load(w, wAt + c);
            FloatVector r1 = load(w, w1 + c);
            FloatVector r2 = load(w, w2 + c);
            FloatVector v = load(x, xAt + c);
            s00 = v.fma(r0, s00);
            s01 = v.fma(r1, s01);
            s02 = v.fma(r2, s02);
            v = load(x, x1 + c);
            s10 = v.fma(r0, s10);
            s11 = v.fma(r1, s11);
            s12 = v.fma(r2, s12);
            v = load(x, x2 + c);
            s20 = v.fma(r0, s20);
            s21 = v.fma(r1, s21);
            s22 = v.fma(r2, s22);
            v = load(x, x3 + c);
            s30 = v.fma(r0, s30);
            s31 = v.fma(r1, s31);
            s32 = v.fma(r2, s32);
        }
        add(y, yAt, s00, s01, s02);
        add(y, yAt + yStride, s10, s11, s12);
        add(y, yAt + 2 * yStride, s20, s21, s22);
        add(y, yAt + 3 * yStride, s30, s31, s32);
        for (; c < depth; c++) {
            for (int t = 0; t < TOKENS; t++) {
                for (int i = 0; i < ROWS; i++) {
                    int at = yAt + t * yStride + i;
                    y[at] = Math.fma(w[wAt + i * depth + c], x[xAt + t * xStride + c], y[at]);
                }
            }
        }
    }

    private static void add(float[] y, int at, FloatVector a, FloatVector b, FloatVector c) {
        y[at] += a.reduceLanes(VectorOperators.ADD);
        y[at + 1] += b.reduceLanes(VectorOperators.ADD);
        y[at + 2] += c.reduceLanes(VectorOperators.ADD);
    }
}
