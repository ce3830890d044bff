package io.longinfer.kernels.elementwise;

/** The small operations between products. Stateless; calls on disjoint ranges may run at once. */
public interface ElementwiseKernels {
    /** {@code y[i] = x[i] / sqrt(mean(x^2) + epsilon) * weight[i]} for {@code n} values; {@code x} and {@code y} may be one. */
    void rmsNorm(float[] x, int xOffset, float[] weight, float epsilon, float[] y, int yOffset, int n);

    /**
     * {@code y[i] = (x[i] - mean(x)) / sqrt(variance(x) + epsilon) * weight[i] + bias[i]} for {@code n} values; {@code x} and
     * {@code y} may be one.
     */
    void layerNorm(float[] x, int xOffset, float[] weight, float[] bias, float epsilon, float[] y, int yOffset, int n);

    /** {@code x[i] = max(0, x[i])} for {@code n} values. */
    void relu(float[] x, int offset, int n);

    /** {@code y[i] += x[i]} for {@code n} values. */
    void add(float[] y, int yOffset, float[] x, int xOffset, int n);

    /** {@code gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i]} for {@code n} values (SwiGLU). */
    void siluMultiply(float[] gate, int gateOffset, float[] up, int upOffset, int n);

    /**
     * Rotates {@code heads} consecutive heads of one token by its position.
     *
     * @param x {@code [heads][headDim]} from {@code offset}, in place
     * @param cos {@code [rotated / 2]} from {@code angleOffset}: cosines of the token's angles, any magnitude scale included
     * @param rotated leading channels of each head that are rotated, even, usually {@code headDim}
     * @param interleaved pairs are channels (2i, 2i+1), as GGUF files of the Llama family have them, instead of (i, i +
     *     rotated/2)
     */
    void rotate(
            float[] x,
            int offset,
            int heads,
            int headDim,
            float[] cos,
            float[] sin,
            int angleOffset,
            int rotated,
            boolean interleaved);

    /**
     * {@code x[i] = exp(x[i] - max)} over {@code n} values, with their maximum; relative error under 3e-7.
     *
     * @return the sum of the results, at least 1
     */
    float expAndSum(float[] x, int offset, int n);
}
