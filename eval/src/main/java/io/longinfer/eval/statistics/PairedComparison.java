package io.longinfer.eval.statistics;

import java.util.Arrays;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * How much two ways to do something differ on the same samples.
 *
 * @param difference the mean of the one less that of the other
 * @param tTestP two-sided p-value of the paired t-test; not a number with fewer than two samples
 * @param wilcoxonP two-sided p-value of Wilcoxon's signed-rank test, which needs no normal distribution
 */
public record PairedComparison(Interval difference, double tTestP, double wilcoxonP) {
    /** Compares samples with others of the same things, one by one. */
    public static PairedComparison of(double[] samples, double[] others) {
        Interval difference = Interval.ofDifferences(samples, others);
        double[] differences = new double[samples.length];
        Arrays.setAll(differences, i -> samples[i] - others[i]);
        return new PairedComparison(difference, tTest(differences), WilcoxonSignedRank.pValue(differences));
    }

    private static double tTest(double[] differences) {
        int count = differences.length;
        if (count < 2) {
            return Double.NaN;
        }
        double mean = Arrays.stream(differences).average().orElseThrow();
        double squares =
                Arrays.stream(differences).map(x -> (x - mean) * (x - mean)).sum();
        if (squares == 0) {
            return mean == 0 ? 1 : 0;
        }
        double t = mean / Math.sqrt(squares / (count - 1) / count);
        return Math.min(1, 2 * new TDistribution(count - 1).cumulativeProbability(-Math.abs(t)));
    }
}
