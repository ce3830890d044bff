package io.longinfer.kernels.elementwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of the small operations must do, against double precision. */
abstract class ElementwiseKernelsContract {
    abstract ElementwiseKernels kernels();

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 13, 64, 576, 1021, 4098})
    void normalises(int n) {
        float[] x = gaussian(seeded(n), n + 3, 5);
        float[] weight = gaussian(seeded(n + 1), n, 1);
        float[] y = new float[n + 2];
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (double) x[3 + i] * x[3 + i];
        }
        double scale = 1 / Math.sqrt(squares / n + 1e-5f);
        float[] expected = new float[n + 2];
        for (int i = 0; i < n; i++) {
            expected[1 + i] = (float) (x[3 + i] * scale * weight[i]);
        }
        kernels().rmsNorm(x, 3, weight, 1e-5f, y, 1, n);
        assertArrayEquals(expected, y, 1e-5f);
        kernels().rmsNorm(x, 3, weight, 1e-5f, x, 3, n);
        for (int i = 0; i < n; i++) {
            assertEquals(y[1 + i], x[3 + i], "in place, " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 13, 64, 576, 1021, 4098})
    void normalisesByMeanAndVariance(int n) {
        float[] x = gaussian(seeded(n), n + 3, 5);
        for (int i = 0; i < n; i++) {
            x[3 + i] += 20; // a mean that squares must not drown in
        }
        float[] weight = gaussian(seeded(n + 1), n, 1);
        float[] bias = gaussian(seeded(n + 2), n, 1);
        float[] y = new float[n + 2];
        double mean = 0;
        for (int i = 0; i < n; i++) {
            mean += x[3 + i] / (double) n;
        }
        double variance = 0;
        for (int i = 0; i < n; i++) {
            variance += (x[3 + i] - mean) * (x[3 + i] - mean) / n;
        }
        float[] expected = new float[n + 2];
        for (int i = 0; i < n; i++) {
            expected[1 + i] = (float) ((x[3 + i] - mean) / Math.sqrt(variance + 1e-5f) * weight[i] + bias[i]);
        }
        kernels().layerNorm(x, 3, weight, bias, 1e-5f, y, 1, n);
        // With one value, what is left of it after the mean is nothing or a rounding.
        assertArrayEquals(expected, y, 2e-5f);
        kernels().layerNorm(x, 3, weight, bias, 1e-5f, x, 3, n);
        for (int i = 0; i < n; i++) {
            assertEquals(y[1 + i], x[3 + i], "in place, " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 13, 1021, 4098})
    void cutsOffBelowZero(int n) {
        float[] x = gaussian(seeded(n), n + 5, 1);
        float[] expected = x.clone();
        for (int i = 0; i < n; i++) {
            expected[2 + i] = Math.max(0, x[2 + i]);
        }
        kernels().relu(x, 2, n);
        assertArrayEquals(expected, x);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 13, 1021, 4098})
    void adds(int n) {
        float[] y = gaussian(seeded(n), n + 5, 1);
        float[] x = gaussian(seeded(n + 1), n + 1, 1);
        float[] expected = y.clone();
        for (int i = 0; i < n; i++) {
            expected[2 + i] = y[2 + i] + x[1 + i];
        }
        kernels().add(y, 2, x, 1, n);
        assertArrayEquals(expected, y);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 13, 1021, 4098})
    void gates(int n) {
        float[] gate = gaussian(seeded(n), n + 5, 8);
        if (n > 12) {
            float[] extremes = {-1e30f, -200, -88, -87, 1e30f, 200, 0, -0f, 1e-30f};
            System.arraycopy(extremes, 0, gate, 4, extremes.length);
        }
        float[] up = gaussian(seeded(n + 1), n + 1, 1);
        float[] before = gate.clone();
        kernels().siluMultiply(gate, 3, up, 1, n);
        for (int i = 0; i < n; i++) {
            double x = before[3 + i];
            double expected = x / (1 + Math.exp(-x)) * up[1 + i];
            assertEquals(expected, gate[3 + i], Math.abs(expected) * 1e-6 + 1e-30, "of " + x);
        }
        assertEquals(before[2], gate[2]);
        assertEquals(before[3 + n], gate[3 + n]);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 64, 64",
        "9, 64, 64",
        "3, 8, 8",
        "2, 16, 8",
        "3, 24, 24",
        "5, 80, 20",
        "4, 96, 96",
        "2, 128, 128",
        "2, 80, 26"
    })
    void rotates(int heads, int headDim, int rotated) {
        for (boolean interleaved : new boolean[] {false, true}) {
            Random random = seeded(headDim + rotated);
            float[] x = gaussian(random, heads * headDim + 7, 1);
            float[] cos = new float[rotated / 2 + 3];
            float[] sin = new float[rotated / 2 + 3];
            for (int i = 0; i < cos.length; i++) {
                double angle = random.nextDouble() * 7;
                cos[i] = (float) Math.cos(angle);
                sin[i] = (float) Math.sin(angle);
            }
            float[] expected = x.clone();
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < rotated / 2; i++) {
                    int a = 5 + h * headDim + (interleaved ? 2 * i : i);
                    int b = interleaved ? a + 1 : a + rotated / 2;
                    expected[a] = (float) ((double) x[a] * cos[3 + i] - (double) x[b] * sin[3 + i]);
                    expected[b] = (float) ((double) x[a] * sin[3 + i] + (double) x[b] * cos[3 + i]);
                }
            }
            kernels().rotate(x, 5, heads, headDim, cos, sin, 3, rotated, interleaved);
            assertArrayEquals(expected, x, 1e-6f, "interleaved " + interleaved);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 13, 512, 1021, 4098})
    void exponentiates(int n) {
        float[] x = gaussian(seeded(n), n + 5, 30);
        if (n > 4) {
            x[3] = -1e30f;
            x[4] = -1e30f;
        }
        float[] before = x.clone();
        double max = -1e30;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[2 + i]);
        }
        float sum = kernels().expAndSum(x, 2, n);
        double expectedSum = 0;
        for (int i = 0; i < n; i++) {
            // The difference is rounded to float first, as scores are.
            double expected = Math.exp((float) (before[2 + i] - max));
            expectedSum += expected;
            assertEquals(expected, x[2 + i], expected * 3e-7 + 1.2e-38, "of " + (before[2 + i] - max));
        }
        assertEquals(expectedSum, sum, expectedSum * 2e-6);
        assertTrue(sum >= 1);
        assertEquals(before[1], x[1]);
        assertEquals(before[2 + n], x[2 + n]);
    }

    @Test
    void exponentiatesWhatIsAllAtTheFloor() {
        float[] x = new float[13];
        Arrays.fill(x, -1e30f);
        assertEquals(13f, kernels().expAndSum(x, 0, 13));
        assertEquals(1f, x[12]);
    }

    private static float[] gaussian(Random random, int n, float scale) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian() * scale;
        }
        return x;
    }

    private Random seeded(long seed) {
        System.out.println(getClass().getSimpleName() + ": seed " + seed);
        return new Random(seed);
    }
}
