package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.WeightMatrix;

/**
 * Products with a weight matrix that stays in its own format. Implementations are stateless but for per-thread scratch,
 * and may be called by several threads at once on disjoint ranges of rows.
 */
public interface LinearKernels {
    /**
     * {@code y[yOffset + r] = sum_c w[r][c] * x[xOffset + c]} for {@code rowFrom <= r < rowTo}.
     *
     * @param x {@code [columns]} from {@code xOffset}
     * @param y {@code [rows]} from {@code yOffset}; only the range's entries are written
     */
    void matVec(WeightMatrix w, int rowFrom, int rowTo, float[] x, int xOffset, float[] y, int yOffset);

    /**
     * {@code y[t * yStride + r] = sum_c w[r][c] * x[t * xStride + c]} for {@code rowFrom <= r < rowTo} and {@code 0 <= t <
     * tokens}. With up to 8 tokens, each one's results are those of {@link #matVec} to the bit.
     *
     * @param x {@code [tokens][xStride]}, the first {@code columns} of each row used
     * @param y {@code [tokens][yStride]}; only the range's columns are written
     */
    void matMul(WeightMatrix w, int rowFrom, int rowTo, float[] x, int xStride, int tokens, float[] y, int yStride);
}
