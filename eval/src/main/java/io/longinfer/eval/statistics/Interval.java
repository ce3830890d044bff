package io.longinfer.eval.statistics;

import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/**
 * A mean with its 95 % interval by Student's t, samples taken as independent.
 *
 * @param count samples
 * @param mean not a number without samples
 * @param halfWidth from the mean to either end; not a number with fewer than two samples
 */
public record Interval(int count, double mean, double halfWidth) {
    private static final double TWO_SIDED_95 = 0.975;

    /** Of samples. */
    public static Interval of(double[] samples) {
        DescriptiveStatistics statistics = new DescriptiveStatistics(samples);
        int count = samples.length;
        double halfWidth = count < 2
                ? Double.NaN
                : new TDistribution(count - 1).inverseCumulativeProbability(TWO_SIDED_95)
                        * statistics.getStandardDeviation()
                        / Math.sqrt(count);
        return new Interval(count, statistics.getMean(), halfWidth);
    }

    /** Of how much greater samples are than others of the same things, one by one. */
    public static Interval ofDifferences(double[] samples, double[] others) {
        if (samples.length != others.length) {
            throw new IllegalArgumentException(
                    samples.length + " samples against " + others.length + ": samples of the same things expected");
        }
        double[] differences = new double[samples.length];
        for (int i = 0; i < samples.length; i++) {
            differences[i] = samples[i] - others[i];
        }
        return of(differences);
    }

    /**
     * Of the mean of several groups' means, each weighing the same; degrees of freedom by Satterthwaite (Biometrics Bulletin 2,
     * 1946). No interval if a group has fewer than two samples.
     */
    public static Interval ofMeans(List<double[]> groups) {
        double mean = 0;
        double variance = 0;
        double squares = 0;
        int count = 0;
        for (double[] group : groups) {
            DescriptiveStatistics statistics = new DescriptiveStatistics(group);
            double ofMean = group.length < 2 ? Double.NaN : statistics.getVariance() / group.length;
            mean += statistics.getMean() / groups.size();
            variance += ofMean;
            squares += ofMean * ofMean / (group.length - 1);
            count += group.length;
        }
        if (groups.isEmpty()) {
            return of(new double[0]);
        }
        if (variance == 0 || Double.isNaN(variance)) {
            return new Interval(count, mean, variance);
        }
        double quantile = new TDistribution(variance * variance / squares).inverseCumulativeProbability(TWO_SIDED_95);
        return new Interval(count, mean, quantile * Math.sqrt(variance) / groups.size());
    }

    /** The lower end. */
    public double low() {
        return mean - halfWidth;
    }

    /** The upper end. */
    public double high() {
        return mean + halfWidth;
    }

    /** For people, such as {@code "85.0 +- 4.2"}, each number times {@code scale}. */
    public String text(double scale) {
        return Double.isNaN(halfWidth)
                ? String.format(Locale.ROOT, "%.1f", scale * mean)
                : String.format(Locale.ROOT, "%.1f +- %.1f", scale * mean, scale * halfWidth);
    }
}
