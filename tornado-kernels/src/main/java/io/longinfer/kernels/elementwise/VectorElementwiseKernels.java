package io.longinfer.kernels.elementwise;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;

import io.longinfer.kernels.vector.Exponential;
import io.longinfer.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The small operations with the Vector API. Thread-safe: each thread has a little scratch of its own. */
public final class VectorElementwiseKernels implements ElementwiseKernels {
    /** Values that are gated at a time. */
    private static final int BLOCK = 256;

    private final ThreadLocal<float[]> blocks = ThreadLocal.withInitial(() -> new float[BLOCK]);
    private final ThreadLocal<float[]> scratch = ThreadLocal.withInitial(() -> new float[COUNT]);
    private final ScalarElementwiseKernels scalar = new ScalarElementwiseKernels();

    /** Whether this machine's vectors are wide enough; if not, take {@link ScalarElementwiseKernels}. */
    public static boolean supported() {
        return Lanes.supported();
    }

    @Override
    public void rmsNorm(float[] x, int xOffset, float[] weight, float epsilon, float[] y, int yOffset, int n) {
        float scale = (float) (1 / Math.sqrt(squares(x, xOffset, n, scratch.get()) / n + epsilon));
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            FloatVector.fromArray(FLOATS, x, xOffset + i)
                    .mul(scale)
                    .mul(FloatVector.fromArray(FLOATS, weight, i))
                    .intoArray(y, yOffset + i);
        }
        for (; i < n; i++) {
            y[yOffset + i] = x[xOffset + i] * scale * weight[i];
        }
    }

    private static double squares(float[] x, int offset, int n, float[] lanes) {
        FloatVector even = FloatVector.zero(FLOATS);
        FloatVector odd = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i <= n - 2 * COUNT; i += 2 * COUNT) {
            FloatVector a = FloatVector.fromArray(FLOATS, x, offset + i);
            FloatVector b = FloatVector.fromArray(FLOATS, x, offset + i + COUNT);
            even = a.fma(a, even);
            odd = b.fma(b, odd);
        }
        even.add(odd).intoArray(lanes, 0);
        double sum = Lanes.sum(lanes, 0);
        for (; i < n; i++) {
            sum += (double) x[offset + i] * x[offset + i];
        }
        return sum;
    }

    @Override
    public void layerNorm(
            float[] x, int xOffset, float[] weight, float[] bias, float epsilon, float[] y, int yOffset, int n) {
        float[] lanes = scratch.get();
        float mean = (float) (sum(x, xOffset, n, lanes) / n);
        float scale = (float) (1 / Math.sqrt(squaredDistances(x, xOffset, mean, n, lanes) / n + epsilon));
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            FloatVector.fromArray(FLOATS, x, xOffset + i)
                    .sub(mean)
                    .mul(scale)
                    .fma(FloatVector.fromArray(FLOATS, weight, i), FloatVector.fromArray(FLOATS, bias, i))
                    .intoArray(y, yOffset + i);
        }
        for (; i < n; i++) {
            y[yOffset + i] = (x[xOffset + i] - mean) * scale * weight[i] + bias[i];
        }
    }

    private static double sum(float[] x, int offset, int n, float[] lanes) {
        FloatVector sums = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            sums = sums.add(FloatVector.fromArray(FLOATS, x, offset + i));
        }
        sums.intoArray(lanes, 0);
        double sum = Lanes.sum(lanes, 0);
        for (; i < n; i++) {
            sum += x[offset + i];
        }
        return sum;
    }

    private static double squaredDistances(float[] x, int offset, float mean, int n, float[] lanes) {
        FloatVector squares = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            FloatVector distance = FloatVector.fromArray(FLOATS, x, offset + i).sub(mean);
            squares = distance.fma(distance, squares);
        }
        squares.intoArray(lanes, 0);
        double sum = Lanes.sum(lanes, 0);
        for (; i < n; i++) {
            sum += ((double) x[offset + i] - mean) * (x[offset + i] - mean);
        }
        return sum;
    }

    @Override
    public void relu(float[] x, int offset, int n) {
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            FloatVector.fromArray(FLOATS, x, offset + i).max(0f).intoArray(x, offset + i);
        }
        for (; i < n; i++) {
            x[offset + i] = Math.max(0f, x[offset + i]);
        }
    }

    @Override
    public void add(float[] y, int yOffset, float[] x, int xOffset, int n) {
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            FloatVector.fromArray(FLOATS, y, yOffset + i)
                    .add(FloatVector.fromArray(FLOATS, x, xOffset + i))
                    .intoArray(y, yOffset + i);
        }
        for (; i < n; i++) {
            y[yOffset + i] += x[xOffset + i];
        }
    }

    @Override
    public void siluMultiply(float[] gate, int gateOffset, float[] up, int upOffset, int n) {
        float[] exponentials = blocks.get();
        float[] lanes = scratch.get();
        for (int i = 0; i < n; i += BLOCK) {
            int length = Math.min(BLOCK, n - i);
            negativeMagnitudes(gate, gateOffset + i, length, exponentials);
            Exponential.exp(exponentials, 0, length, 1, 0, 1, lanes);
            gate(gate, gateOffset + i, up, upOffset + i, length, exponentials);
        }
    }

    private static void negativeMagnitudes(float[] x, int offset, int n, float[] y) {
        for (int i = 0; i < n; i++) {
            y[i] = -Math.abs(x[offset + i]);
        }
    }

    /** With e = exp(-|x|), which cannot overflow, the sigmoid is 1 / (1 + e) above zero and e / (1 + e) below. */
    private static void gate(float[] gate, int gateOffset, float[] up, int upOffset, int n, float[] exponentials) {
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            FloatVector x = FloatVector.fromArray(FLOATS, gate, gateOffset + i);
            FloatVector e = FloatVector.fromArray(FLOATS, exponentials, i);
            FloatVector one = FloatVector.broadcast(FLOATS, 1f);
            x.mul(one.blend(e, x.compare(VectorOperators.LT, 0f)))
                    .div(e.add(one))
                    .mul(FloatVector.fromArray(FLOATS, up, upOffset + i))
                    .intoArray(gate, gateOffset + i);
        }
        for (; i < n; i++) {
            float x = gate[gateOffset + i];
            float e = exponentials[i];
            gate[gateOffset + i] = x * (x < 0 ? e : 1) / (1 + e) * up[upOffset + i];
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
        if (interleaved || rotated / 2 % COUNT != 0) {
            // Shuffling pairs apart and back saves little, of a thousandth of a layer's time.
            scalar.rotate(x, offset, heads, headDim, cos, sin, angleOffset, rotated, interleaved);
            return;
        }
        for (int h = 0; h < heads; h++) {
            int first = offset + h * headDim;
            int second = first + rotated / 2;
            for (int i = 0; i < rotated / 2; i += COUNT) {
                FloatVector a = FloatVector.fromArray(FLOATS, x, first + i);
                FloatVector b = FloatVector.fromArray(FLOATS, x, second + i);
                FloatVector c = FloatVector.fromArray(FLOATS, cos, angleOffset + i);
                FloatVector s = FloatVector.fromArray(FLOATS, sin, angleOffset + i);
                a.mul(c).sub(b.mul(s)).intoArray(x, first + i);
                a.mul(s).add(b.mul(c)).intoArray(x, second + i);
            }
        }
    }

    @Override
    public float expAndSum(float[] x, int offset, int n) {
        return Exponential.exp(x, offset, n, 1, max(x, offset, n), 1, scratch.get());
    }

    private static float max(float[] x, int offset, int n) {
        float max = Float.NEGATIVE_INFINITY;
        int i = 0;
        if (n >= COUNT) {
            FloatVector maxima = FloatVector.fromArray(FLOATS, x, offset);
            for (i = COUNT; i <= n - COUNT; i += COUNT) {
                FloatVector v = FloatVector.fromArray(FLOATS, x, offset + i);
                maxima = maxima.blend(v, v.compare(VectorOperators.GT, maxima));
            }
            max = maxima.reduceLanes(VectorOperators.MAX);
        }
        for (; i < n; i++) {
            max = Math.max(max, x[offset + i]);
        }
        return max;
    }
}
