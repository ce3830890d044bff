package io.longinfer.kernels.elementwise;

/** The readable twin of the small operations; sums in double precision. Stateless and thread-safe. */
public final class ScalarElementwiseKernels implements ElementwiseKernels {
    @Override
    public void rmsNorm(float[] x, int xOffset, float[] weight, float epsilon, float[] y, int yOffset, int n) {
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (double) x[xOffset + i] * x[xOffset + i];
        }
        float scale = (float) (1 / Math.sqrt(squares / n + epsilon));
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = x[xOffset + i] * scale * weight[i];
        }
    }

    @Override
    public void layerNorm(
            float[] x, int xOffset, float[] weight, float[] bias, float epsilon, float[] y, int yOffset, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += x[xOffset + i];
        }
        double mean = sum / n;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (x[xOffset + i] - mean) * (x[xOffset + i] - mean);
        }
        double scale = 1 / Math.sqrt(squares / n + epsilon);
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = (float) ((x[xOffset + i] - mean) * scale) * weight[i] + bias[i];
        }
    }

    @Override
    public void relu(float[] x, int offset, int n) {
        for (int i = 0; i < n; i++) {
            x[offset + i] = Math.max(0f, x[offset + i]);
        }
    }

    @Override
    public void add(float[] y, int yOffset, float[] x, int xOffset, int n) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] += x[xOffset + i];
        }
    }

    @Override
    public void siluMultiply(float[] gate, int gateOffset, float[] up, int upOffset, int n) {
        for (int i = 0; i < n; i++) {
            float x = gate[gateOffset + i];
            gate[gateOffset + i] = x / (1 + (float) Math.exp(-x)) * up[upOffset + i];
        }
    }

    @Override
    public void rotate(
            float[] x,
            int offset,
            int heads,
            int headDim,
            float[] cos,
            float[] sin,
            int angleOffset,
            int rotated,
            boolean interleaved) {
        int step = interleaved ? 2 : 1;
        int distance = interleaved ? 1 : rotated / 2;
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < rotated / 2; i++) {
                int first = offset + h * headDim + i * step;
                float a = x[first];
                float b = x[first + distance];
                x[first] = a * cos[angleOffset + i] - b * sin[angleOffset + i];
                x[first + distance] = a * sin[angleOffset + i] + b * cos[angleOffset + i];
            }
        }
    }

    @Override
    public float expAndSum(float[] x, int offset, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[offset + i]);
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            x[offset + i] = (float) Math.exp(x[offset + i] - max);
            sum += x[offset + i];
        }
        return (float) sum;
    }
}
