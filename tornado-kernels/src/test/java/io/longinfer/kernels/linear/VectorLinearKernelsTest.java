package io.longinfer.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The vector kernels against their scalar twin; the pom runs it at the width of AVX-512, too. */
class VectorLinearKernelsTest {
    private static final int[] ROWS = {1, 4, 13, 1021};
    private static final int[] COLUMNS = {32, 96, 256, 4096};
    private static final int[] ODD_COLUMNS = {1, 7, 31, 45};
    private static final int[] TOKENS = {1, 2, 3, 5, 17, 64, 130};

    /** Whether the width is one that this processor lacks, which is emulated a thousand times slower. */
    private static final boolean EMULATED = Lanes.COUNT > FloatVector.SPECIES_PREFERRED.length();

    /** Keeps a size affordable: the widest of everything at once shows nothing that two of three do not. */
    private static final long MOST_PRODUCTS = EMULATED ? 1 << 14 : 1 << 19;

    private static final float UNTOUCHED = 12345.5f;

    private final LinearKernels scalar = new ScalarLinearKernels();
    private final LinearKernels vector = new VectorLinearKernels();

    @ParameterizedTest
    @EnumSource(TensorType.class)
    void matVecAgreesWithItsScalarTwin(TensorType type) {
        Random random = seeded();
        for (int rows : ROWS) {
            for (int columns : columns(type)) {
                if ((long) rows * columns <= MOST_PRODUCTS) {
                    matVec(type, rows, columns, random);
                }
            }
        }
    }

    private void matVec(TensorType type, int rows, int columns, Random random) {
        try (Arena arena = Arena.ofConfined()) {
            WeightMatrix w = RandomWeights.of(type, rows, columns, arena, random);
            int xOffset = random.nextInt(5);
            int yOffset = random.nextInt(5);
            float[] x = RandomWeights.vector(columns + xOffset + random.nextInt(3), random);
            float[] expected = new float[rows + yOffset + random.nextInt(3)];
            Arrays.fill(expected, UNTOUCHED);
            float[] actual = expected.clone();
            int from = random.nextInt(rows);
            int to = from + random.nextInt(rows - from + 1);
            for (int[] range : new int[][] {{0, from}, {from, to}, {to, rows}}) {
                scalar.matVec(w, range[0], range[1], x, xOffset, expected, yOffset);
                vector.matVec(w, range[0], range[1], x, xOffset, actual, yOffset);
            }
            assertClose(w, x, xOffset, 0, 1, expected, actual, yOffset, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(TensorType.class)
    void matMulAgreesWithItsScalarTwin(TensorType type) {
        Random random = seeded();
        for (int rows : ROWS) {
            for (int columns : columns(type)) {
                for (int tokens : TOKENS) {
                    if ((long) rows * columns * tokens <= MOST_PRODUCTS) {
                        matMul(type, rows, columns, tokens, random);
                    }
                }
            }
        }
    }

    /** Sequences that decode together must compute what each would alone: from 2 to 8 tokens, to the bit. */
    @ParameterizedTest
    @EnumSource(TensorType.class)
    void fewTokensAreVectorsToTheBit(TensorType type) {
        Random random = seeded();
        for (LinearKernels kernels : List.of(scalar, vector)) {
            for (int columns : columns(type)) {
                for (int tokens = 2; tokens <= VectorLinearKernels.FEW_TOKENS && columns <= 256; tokens++) {
                    fewTokens(kernels, type, EMULATED ? 3 : 13, columns, tokens, random);
                }
            }
        }
    }

    private static void fewTokens(
            LinearKernels kernels, TensorType type, int rows, int columns, int tokens, Random random) {
        try (Arena arena = Arena.ofConfined()) {
            WeightMatrix w = RandomWeights.of(type, rows, columns, arena, random);
            int xStride = columns + random.nextInt(3);
            float[] x = RandomWeights.vector(tokens * xStride, random);
            float[] expected = new float[tokens * rows];
            float[] actual = new float[tokens * rows];
            for (int t = 0; t < tokens; t++) {
                kernels.matVec(w, 0, rows, x, t * xStride, expected, t * rows);
            }
            int split = random.nextInt(rows + 1);
            kernels.matMul(w, 0, split, x, xStride, tokens, actual, rows);
            kernels.matMul(w, split, rows, x, xStride, tokens, actual, rows);
            assertArrayEquals(expected, actual, () -> type + ", " + columns + " columns, " + tokens + " tokens");
        }
    }

    /** Panels of several depths, the last row's and the last tokens' tiles not full. */
    @ParameterizedTest
    @EnumSource(TensorType.class)
    void matMulAgreesOverSeveralPanels(TensorType type) {
        matMul(type, EMULATED ? 17 : 37, EMULATED ? 1024 : 1792, 47, seeded());
    }

    private void matMul(TensorType type, int rows, int columns, int tokens, Random random) {
        try (Arena arena = Arena.ofConfined()) {
            WeightMatrix w = RandomWeights.of(type, rows, columns, arena, random);
            int xStride = columns + random.nextInt(3);
            int yStride = rows + random.nextInt(3);
            float[] x = RandomWeights.vector(tokens * xStride, random);
            float[] expected = new float[tokens * yStride];
            Arrays.fill(expected, UNTOUCHED);
            float[] actual = expected.clone();
            int split = random.nextInt(rows + 1);
            for (int[] range : new int[][] {{0, split}, {split, rows}}) {
                scalar.matMul(w, range[0], range[1], x, xStride, tokens, expected, yStride);
                vector.matMul(w, range[0], range[1], x, xStride, tokens, actual, yStride);
            }
            assertClose(w, x, 0, xStride, tokens, expected, actual, 0, yStride);
        }
    }

    @Test
    void rangesOutsideAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            WeightMatrix w = RandomWeights.of(TensorType.Q4_1, 4, 64, arena, new Random(1));
            float[] x = new float[128];
            float[] y = new float[8];
            assertThrows(IndexOutOfBoundsException.class, () -> vector.matVec(w, 0, 5, x, 0, y, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> vector.matVec(w, 0, 4, x, 65, y, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> vector.matVec(w, 0, 4, x, 0, y, 5));
            assertThrows(IndexOutOfBoundsException.class, () -> vector.matMul(w, 0, 4, x, 64, 3, y, 4));
            assertThrows(IndexOutOfBoundsException.class, () -> vector.matMul(w, 0, 4, x, 64, 2, y, 5));
        }
    }

    private static int[] columns(TensorType type) {
        if (type.blockElements() == 1) {
            int[] all = Arrays.copyOf(ODD_COLUMNS, ODD_COLUMNS.length + COLUMNS.length);
            System.arraycopy(COLUMNS, 0, all, ODD_COLUMNS.length, COLUMNS.length);
            return all;
        }
        return Arrays.stream(COLUMNS)
                .filter(columns -> columns % type.blockElements() == 0)
                .toArray();
    }

    /** Everything outside the products must be untouched, which is compared like the rest; rounding grows with the terms. */
    private static void assertClose(
            WeightMatrix w,
            float[] x,
            int xAt,
            int xStride,
            int tokens,
            float[] expected,
            float[] actual,
            int yAt,
            int yStride) {
        float[] tolerance = new float[expected.length];
        double[] norms = new double[tokens];
        for (int t = 0; t < tokens; t++) {
            norms[t] = norm(x, xAt + t * xStride, w.columns());
        }
        float[] row = new float[w.columns()];
        for (int r = 0; r < w.rows(); r++) {
            ScalarDequantizer.row(w.type(), w.data(), r * w.rowBytes(), row, 0, row.length);
            // Cauchy-Schwarz bounds the sum of the terms' magnitudes.
            double norm = norm(row, 0, row.length);
            for (int t = 0; t < tokens; t++) {
                tolerance[yAt + t * yStride + r] = (float) (4e-6 * norm * norms[t]) + 1e-6f;
            }
        }
        for (int i = 0; i < expected.length; i++) {
            int index = i;
            assertEquals(
                    expected[i],
                    actual[i],
                    tolerance[i],
                    () -> w.name() + " " + w.rows() + " x " + w.columns() + ", " + tokens + " tokens, at " + index);
        }
    }

    private static double norm(float[] values, int at, int count) {
        double sum = 0;
        for (int i = at; i < at + count; i++) {
            sum += (double) values[i] * values[i];
        }
        return Math.sqrt(sum);
    }

    private static Random seeded() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        return new Random(seed);
    }
}
