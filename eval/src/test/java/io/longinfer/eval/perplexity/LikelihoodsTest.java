package io.longinfer.eval.perplexity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class LikelihoodsTest {
    @Test
    void meanAndIntervalByHand() {
        Likelihoods likelihoods = new Likelihoods();
        double[] values = {1, 2, 3, 6};
        for (int i = 0; i < values.length; i++) {
            likelihoods.add(10 * i, values[i]);
        }
        Likelihoods.Mean mean = likelihoods.mean();
        assertEquals(4, mean.count());
        assertEquals(3, mean.nll());
        // s^2 = (4 + 1 + 0 + 9) / 3
        assertEquals(1.96 * Math.sqrt(14.0 / 3 / 4), mean.error(), 1e-12);
        assertEquals(Math.exp(3), mean.perplexity(), 1e-12);
        assertEquals(Math.exp(3 - mean.error()), mean.low(), 1e-12);
        assertEquals(Math.exp(3 + mean.error()), mean.high(), 1e-12);
        assertEquals(2.5, likelihoods.meanOfContexts(10, 30).nll());
        assertEquals(0, likelihoods.meanOfContexts(11, 20).count());
    }

    @Test
    void aConstantDifferenceHasNoError() {
        Likelihoods likelihoods = new Likelihoods();
        double[] others = new double[3000];
        for (int i = 0; i < others.length; i++) {
            others[i] = i % 16;
            likelihoods.add(i, others[i] + 0.25);
        }
        Likelihoods.Mean difference = likelihoods.differenceFrom(others);
        assertEquals(0.25, difference.nll());
        assertEquals(0, difference.error());
        assertEquals(others[2999] + 0.25, likelihoods.values()[2999]);
        assertThrows(IllegalArgumentException.class, () -> likelihoods.differenceFrom(new double[2999]));
        assertArrayEquals(new double[0], new Likelihoods().values());
    }
}
