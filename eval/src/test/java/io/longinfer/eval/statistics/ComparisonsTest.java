package io.longinfer.eval.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.apache.commons.math3.stat.StatUtils;
import org.junit.jupiter.api.Test;

/** Expected figures are computed by hand or by SciPy 1.17. */
class ComparisonsTest {
    private static final double CLOSE = 1e-4;

    @Test
    void sharesHaveWilsonsInterval() {
        Range range = Range.ofProportion(8, 10);
        assertEquals(0.8, range.estimate(), 1e-12);
        assertEquals(0.49016, range.low(), CLOSE);
        assertEquals(0.94332, range.high(), CLOSE);
        assertEquals(
                new Range(10, 1, 0.7224672001371, 1).text(100),
                Range.ofProportion(10, 10).text(100));
        assertEquals("0.0 (0.0 to 56.1)", Range.ofProportion(0, 3).text(100));
        assertTrue(Double.isNaN(Range.ofProportion(0, 0).estimate()));
        assertThrows(IllegalArgumentException.class, () -> Range.ofProportion(4, 3));
    }

    @Test
    void scoresAreSharesIfTheyAreHitsOrMisses() {
        assertEquals(Range.ofProportion(2, 3), Range.ofScores(new double[] {1, 0, 1}));
        Range range = Range.ofScores(new double[] {0.25, 0.5, 0.75});
        assertEquals(0.5, range.estimate(), 1e-12);
        assertEquals(0, range.low(), 1e-12); // 0.5 - 4.3027 * 0.25 / sqrt(3) is below 0
        assertEquals(1, range.high(), 1e-12);
        Range near = Range.ofScores(new double[] {0.5, 0.5, 0.5, 0.6});
        assertEquals(0.525 - 3.18245 * 0.05 / 2, near.low(), CLOSE);
        assertEquals("50.0", Range.ofScores(new double[] {0.5}).text(100));
    }

    @Test
    void pairsAreCompared() {
        double[] samples = {125, 115, 130, 140, 140, 115, 140, 125, 140, 135};
        double[] others = {110, 122, 125, 120, 140, 124, 123, 137, 135, 145};
        PairedComparison comparison = PairedComparison.of(samples, others);
        assertEquals(2.4, comparison.difference().mean(), 1e-12);
        assertEquals(0.540426, comparison.tTestP(), CLOSE);
        assertEquals(0.6328125, comparison.wilcoxonP(), 1e-12); // all 2^9 signs counted, two differences being equal
        PairedComparison same = PairedComparison.of(samples, samples);
        assertEquals(1, same.tTestP(), 0);
        assertEquals(1, same.wilcoxonP(), 0);
        assertEquals(
                0, PairedComparison.of(new double[] {1, 1}, new double[] {0, 0}).tTestP(), 0);
        assertTrue(Double.isNaN(
                PairedComparison.of(new double[] {1}, new double[] {0}).tTestP()));
        assertThrows(IllegalArgumentException.class, () -> PairedComparison.of(samples, new double[9]));
    }

    @Test
    void ranksOfFewDifferencesAreCounted() {
        // Of the 32 subsets of ranks 1 to 5, 10 have a sum of at most 5.
        assertEquals(20.0 / 32, WilcoxonSignedRank.pValue(new double[] {1, 2, 3, 4, -5}), 1e-12);
        assertEquals(20.0 / 32, WilcoxonSignedRank.pValue(new double[] {-1, -2, 0, -3, -4, 5}), 1e-12);
        // Hits and misses: a sign test, 8 of 128 outcomes are as uneven on one side.
        assertEquals(0.125, WilcoxonSignedRank.pValue(new double[] {1, 1, 1, 0, 1, 1, 1, -1}), 1e-12);
    }

    @Test
    void ranksOfManyDifferencesAreNormal() {
        double[] differences = new double[60];
        Arrays.setAll(differences, i -> (i % 3 == 0 || i % 2 == 0 ? 1 : -1) * (i + 1.0));
        assertEquals(0.030159, WilcoxonSignedRank.pValue(differences), 1e-3);
        // Where both know an answer, they agree.
        double[] fifty = Arrays.copyOf(differences, 50);
        double[] fiftyOne = Arrays.copyOf(differences, 51);
        assertEquals(WilcoxonSignedRank.pValue(fifty), WilcoxonSignedRank.pValue(fiftyOne), 0.05);
    }

    @Test
    void aBootstrapIsNearStudentsInterval() {
        Random random = new Random(7);
        double[] samples = random.doubles(400).toArray();
        Interval student = Interval.of(samples);
        Range range = Bootstrap.of(samples, StatUtils::mean, 4000, 1);
        assertEquals(student.mean(), range.estimate(), 1e-12);
        assertEquals(student.low(), range.low(), 0.1 * student.halfWidth());
        assertEquals(student.high(), range.high(), 0.1 * student.halfWidth());
        assertEquals(range, Bootstrap.of(samples, StatUtils::mean, 4000, 1));
        assertTrue(Double.isNaN(
                Bootstrap.of(new double[] {1}, StatUtils::mean, 100, 1).low()));
        assertThrows(IllegalArgumentException.class, () -> Bootstrap.of(samples, StatUtils::mean, 0, 1));
    }

    @Test
    void speedUpsAreRatiosOfMedians() {
        Range range = Bootstrap.ofRatioOfMedians(new double[] {30, 31, 29, 90}, new double[] {10, 10, 10}, 2000, 42);
        assertEquals(3.05, range.estimate(), 1e-12);
        assertTrue(range.low() >= 2.9 && range.low() <= 3.05, range.toString());
        assertTrue(range.high() >= 3.05 && range.high() <= 9, range.toString());
    }

    @Test
    void aLineIsFitted() {
        LinearFit fit = LinearFit.of(new double[] {1, 2, 3, 4, 5}, new double[] {2.1, 3.9, 6.2, 7.8, 10.1});
        assertEquals(1.99, fit.slope().mean(), 1e-9);
        assertEquals(0.190061, fit.slope().halfWidth(), CLOSE);
        assertEquals(0.05, fit.intercept().mean(), 1e-9);
        assertEquals(0.630360, fit.intercept().halfWidth(), CLOSE);
        assertEquals(0.997305, fit.determination(), CLOSE);
        assertEquals(1.99 * 8 + 0.05, fit.at(8), 1e-9);
        LinearFit two = LinearFit.of(new double[] {0, 1}, new double[] {1, 3});
        assertEquals(2, two.slope().mean(), 1e-12);
        assertTrue(Double.isNaN(two.slope().halfWidth()));
        assertThrows(IllegalArgumentException.class, () -> LinearFit.of(new double[] {1, 1}, new double[] {1, 3}));
        assertThrows(IllegalArgumentException.class, () -> LinearFit.of(new double[] {1}, new double[] {1, 3}));
    }
}
