package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;

/**
 * The readable twin: reads a row of weights as floats and adds up in double. Any machine, any size. Stateless; a call
 * allocates one row.
 */
public final class ScalarLinearKernels implements LinearKernels {
    @Override
    public void matVec(WeightMatrix w, int rowFrom, int rowTo, float[] x, int xOffset, float[] y, int yOffset) {
        float[] row = new float[w.columns()];
        for (int r = rowFrom; r < rowTo; r++) {
            ScalarDequantizer.row(w.type(), w.data(), r * w.rowBytes(), row, 0, row.length);
            y[yOffset + r] = dot(row, x, xOffset);
        }
    }

    @Override
    public void matMul(
            WeightMatrix w, int rowFrom, int rowTo, float[] x, int xStride, int tokens, float[] y, int yStride) {
        float[] row = new float[w.columns()];
        for (int r = rowFrom; r < rowTo; r++) {
            ScalarDequantizer.row(w.type(), w.data(), r * w.rowBytes(), row, 0, row.length);
            for (int t = 0; t < tokens; t++) {
                y[t * yStride + r] = dot(row, x, t * xStride);
            }
        }
    }

    private static float dot(float[] row, float[] x, int xOffset) {
        double sum = 0;
        for (int c = 0; c < row.length; c++) {
            sum += (double) row[c] * x[xOffset + c];
        }
        return (float) sum;
    }
}
