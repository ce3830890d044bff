package io.longinfer.eval.statistics;

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
