package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class LayerRatiosTest {
    @Test
    void budgetsFollowTheDeserts() {
        assertArrayEquals(new double[] {0.1, 0.1}, LayerRatios.of(0.1, new double[] {0.7, 0.7}, 0.02), 1e-9);
        // (1 - D) is 0.5, 0.2, 0.1 and 0.1
        assertArrayEquals(
                new double[] {20 / 90.0, 8 / 90.0, 4 / 90.0, 4 / 90.0},
                LayerRatios.of(0.1, new double[] {0.5, 0.8, 0.9, 0.9}, 0.02),
                1e-9);
    }

    @Test
    void limitsKeepTheMean() {
        assertArrayEquals(new double[] {0.18, 0.02}, LayerRatios.of(0.1, new double[] {0.5, 1}, 0.02), 1e-9);
        assertArrayEquals(new double[] {1, 0.2}, LayerRatios.of(0.6, new double[] {0, 0.99}, 0.02), 1e-9);
        assertArrayEquals(new double[] {0.01, 0.01}, LayerRatios.of(0.01, new double[] {0.5, 1}, 0.02), 1e-9);
        assertArrayEquals(new double[] {0.1, 0.1}, LayerRatios.of(0.1, new double[] {1, 1}, 0.02), 1e-9);
        assertArrayEquals(new double[] {1, 1}, LayerRatios.of(1, new double[] {0, 1}, 0.02), 1e-6);
        assertArrayEquals(new double[] {0, 0}, LayerRatios.of(0, new double[] {0.5, 0.5}, 0.02), 1e-6);
    }
}
