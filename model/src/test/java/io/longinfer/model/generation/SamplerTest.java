package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final float[] LOGITS = {0f, (float) Math.log(4), (float) Math.log(3), -20f, (float) Math.log(2)};
    private static final int DRAWS = 20_000;

    private static int[] draw(SamplingOptions options) {
        Sampler sampler = new Sampler(options);
        int[] counts = new int[LOGITS.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(LOGITS)]++;
        }
        return counts;
    }

    @Test
    void greedyTakesTheLikeliestAndTheLowestOfEquals() {
        assertEquals(1, new Sampler(SamplingOptions.GREEDY).next(LOGITS));
        assertEquals(1, new Sampler(SamplingOptions.GREEDY).next(new float[] {-3f, 2f, 2f}));
        assertEquals(1, new Sampler(new SamplingOptions(5f, 1f, 1, 3)).next(LOGITS));
    }

    @Test
    void drawsFollowTheSoftmax() {
        int[] counts = draw(new SamplingOptions(1f, 1f, 0, 11));
        double[] expected = {0.1, 0.4, 0.3, 0, 0.2};
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], (double) counts[i] / DRAWS, 0.015, "token " + i);
        }
    }

    @Test
    void temperatureSharpens() {
        // At temperature 1/2 the weights are squared: 1, 16, 9, 4 of 30.
        assertEquals(16.0 / 30, (double) draw(new SamplingOptions(0.5f, 1f, 0, 11))[1] / DRAWS, 0.015);
    }

    @Test
    void topKKeepsTheLikeliest() {
        int[] counts = draw(new SamplingOptions(1f, 1f, 2, 11));
        assertEquals(DRAWS, counts[1] + counts[2]);
        assertEquals(4.0 / 7, (double) counts[1] / DRAWS, 0.015);
    }

    @Test
    void topPKeepsTheSmallestSetThatHoldsTheProbability() {
        int[] counts = draw(new SamplingOptions(1f, 0.65f, 0, 11));
        assertEquals(DRAWS, counts[1] + counts[2]);
        assertTrue(counts[1] > 0 && counts[2] > 0);
        assertEquals(DRAWS, draw(new SamplingOptions(1f, 0.39f, 0, 11))[1]);
    }

    @Test
    void sameSeedSameTokens() {
        SamplingOptions options = new SamplingOptions(1f, 0.9f, 4, 99);
        Sampler a = new Sampler(options);
        Sampler b = new Sampler(options);
        for (int i = 0; i < 100; i++) {
            assertEquals(a.next(LOGITS), b.next(LOGITS));
        }
    }

    @Test
    void badOptionsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SamplingOptions(-1f, 1f, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new SamplingOptions(Float.NaN, 1f, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new SamplingOptions(1f, 0f, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new SamplingOptions(1f, 1.1f, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new SamplingOptions(1f, 1f, -1, 0));
    }
}
