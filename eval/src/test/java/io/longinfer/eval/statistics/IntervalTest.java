package io.longinfer.eval.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class IntervalTest {
    private static final double CLOSE = 1e-3;

    @Test
    void ofSamples() {
        Interval interval = Interval.of(new double[] {3, 6, 9});
        assertEquals(6, interval.mean(), 1e-12);
        assertEquals(4.3027 * 3 / Math.sqrt(3), interval.halfWidth(), CLOSE); // t of 2 degrees of freedom
        assertTrue(Double.isNaN(Interval.of(new double[] {3}).halfWidth()));
    }

    @Test
    void ofMeansOfGroups() {
        // Variances of the means 1 and 3; 4 * 4 / (1 / 2 + 9 / 2) = 3.2 degrees of freedom, whose t is 3.0727.
        double root = Math.sqrt(3);
        Interval interval = Interval.ofMeans(List.of(new double[] {-root, 0, root}, new double[] {1, 4, 7}));
        assertEquals(6, interval.count());
        assertEquals(2, interval.mean(), 1e-12);
        assertEquals(3.0727, interval.halfWidth(), CLOSE); // times sqrt(4) / 2
        // One group is as samples are.
        double[] samples = {1, 2, 4, 8.5};
        assertEquals(
                Interval.of(samples).halfWidth(),
                Interval.ofMeans(List.of(samples)).halfWidth(),
                1e-9);
    }

    @Test
    void ofMeansWithoutSpreadOrSamples() {
        assertEquals(
                0,
                Interval.ofMeans(List.of(new double[] {1, 1}, new double[] {0, 0}))
                        .halfWidth());
        assertTrue(Double.isNaN(
                Interval.ofMeans(List.of(new double[] {1}, new double[] {0, 0})).halfWidth()));
        assertTrue(Double.isNaN(Interval.ofMeans(List.of()).mean()));
    }
}
