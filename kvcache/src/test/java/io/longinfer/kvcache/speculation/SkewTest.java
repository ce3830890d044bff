package io.longinfer.kvcache.speculation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SkewTest {
    private static float dot(float[] x, float[] y) {
        float sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    private static float[] gaussian(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** Queries that all point along (1, 1): that direction alone ranks keys as the whole products do; neither channel would. */
    @Test
    void twoChannelsBecomeOne() {
        SecondMoments queries = new SecondMoments(1, 1, 2);
        queries.add(0, 0, new float[] {1, 1, -3, -3}, 0, 2, 2);
        SecondMoments keys = new SecondMoments(1, 1, 2);
        float[][] vectors = {{4, -1}, {0, 2}, {-5, 6}, {1, -7}};
        for (float[] vector : vectors) {
            keys.add(0, 0, vector, 0, 2, 1);
        }
        assertArrayEquals(new double[] {5, 5}, queries.mean(0, 0)[0], 1e-6);
        float[][] columns = Skew.columns(queries.mean(0, 0), new double[][] {{1, 0}, {0, 1}}, 1);
        float half = (float) Math.sqrt(0.5);
        assertEquals(half, Math.abs(columns[0][0]), 1e-6f);
        assertEquals(columns[0][0], columns[0][1], 1e-6f);
        float[] query = {2, 2};
        float skewed = dot(columns[0], query);
        for (float[] vector : vectors) {
            assertEquals(dot(query, vector), skewed * dot(columns[0], vector), 1e-5f);
        }
    }

    @Test
    void momentsAreMeansOfProducts() {
        Random random = new Random(11);
        int headDim = 5;
        for (int count : new int[] {1, 4, 13}) {
            float[] x = gaussian(random, 2 + count * 7);
            SecondMoments moments = new SecondMoments(1, 2, headDim);
            moments.add(0, 1, x, 2, 7, count);
            SecondMoments copy = new SecondMoments(1, 2, headDim);
            copy.copy(moments);
            for (int i = 0; i < headDim; i++) {
                for (int j = 0; j < headDim; j++) {
                    double expected = 0;
                    for (int row = 0; row < count; row++) {
                        expected += (double) x[2 + row * 7 + i] * x[2 + row * 7 + j] / count;
                    }
                    assertEquals(expected, moments.mean(0, 1)[i][j], 1e-5);
                    assertEquals(moments.mean(0, 1)[j][i], copy.mean(0, 1)[i][j]);
                }
            }
            assertEquals(0, moments.count(0, 0));
            moments.reset();
            assertEquals(0, moments.mean(0, 1)[0][0]);
        }
    }

    /** Where queries are alike in size, the size of keys decides. */
    @Test
    void keysHaveASay() {
        double[][] queryMoment = {{4, 0, 0}, {0, 4.1, 0}, {0, 0, 3.9}};
        double[][] keyMoment = {{1, 0, 0}, {0, 4, 0}, {0, 0, 9}};
        float[][] columns = Skew.columns(queryMoment, keyMoment, 2);
        assertEquals(1, Math.abs(columns[0][2]), 1e-6);
        assertEquals(1, Math.abs(columns[1][1]), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 24, 64})
    void skewingKeepsProducts(int headDim) {
        Random random = new Random(headDim);
        SecondMoments queries = new SecondMoments(2, 3, headDim);
        SecondMoments keys = new SecondMoments(2, 3, headDim);
        for (int i = 0; i < headDim; i++) {
            queries.add(1, 2, gaussian(random, 3 + 3 * (headDim + 2)), 3, headDim + 2, 3);
            keys.add(1, 2, gaussian(random, headDim), 0, headDim, 1);
        }
        assertEquals(3L * headDim, queries.count(1, 2));
        float[][] columns = Skew.columns(queries.mean(1, 2), keys.mean(1, 2), headDim);
        for (int trial = 0; trial < 20; trial++) {
            float[] q = gaussian(random, headDim);
            float[] k = gaussian(random, headDim);
            float skewed = 0;
            for (float[] column : columns) {
                skewed += dot(column, q) * dot(column, k);
            }
            assertEquals(dot(q, k), skewed, 1e-5f * headDim);
        }
    }

    /** A head whose queries are one vector again and again, or nothing at all, still gets an orthogonal matrix. */
    @Test
    void poorPromptsDoNoHarm() {
        SecondMoments queries = new SecondMoments(1, 1, 8);
        SecondMoments none = new SecondMoments(1, 1, 8);
        queries.add(0, 0, new float[] {0, 0, 3, 0, 0, 0, 0, 0}, 0, 8, 1);
        float[][] columns = Skew.columns(queries.mean(0, 0), none.mean(0, 0), 8);
        assertEquals(1, Math.abs(columns[0][2]), 1e-6);
        for (float[][] some : new float[][][] {columns, Skew.columns(none.mean(0, 0), none.mean(0, 0), 8)}) {
            for (int i = 0; i < 8; i++) {
                for (int j = 0; j < 8; j++) {
                    assertEquals(i == j ? 1 : 0, dot(some[i], some[j]), 1e-6);
                }
            }
        }
    }

    @Test
    void channelsAreEven() {
        assertEquals(12, new SpeculationOptions(4, 0.2).channels(64));
        assertEquals(24, new SpeculationOptions(4, 0.2).channels(128));
        assertEquals(38, new SpeculationOptions(4, 0.3).channels(128));
        assertEquals(2, new SpeculationOptions(4, 0.01).channels(8));
        assertEquals(80, new SpeculationOptions(0, 1).channels(80));
        assertThrows(IllegalArgumentException.class, () -> new SpeculationOptions(-1, 0.2));
        assertThrows(IllegalArgumentException.class, () -> new SpeculationOptions(Double.NaN, 0.2));
        String message = assertThrows(IllegalArgumentException.class, () -> new SpeculationOptions(1, 0))
                .getMessage();
        assertTrue(message.contains("0.0"), message);
    }
}
