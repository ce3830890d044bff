package io.longinfer.eval.statistics;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.WilsonScoreInterval;

/**
 * A figure with its 95 % interval, which need not lie evenly around it.
 *
 * @param count samples
 * @param estimate not a number without samples
 * @param low lower end; not a number if the samples say nothing of it
 * @param high upper end, likewise
 */
public record Range(int count, double estimate, double low, double high) {
    private static final double CONFIDENCE = 0.95;

    /** Of a share, by Wilson's score interval (Journal of the American Statistical Association 22, 1927). */
    public static Range ofProportion(int hits, int count) {
        if (count < 0 || hits < 0 || hits > count) {
            throw new IllegalArgumentException("of " + count + " samples 0 to " + count + " are hits, not " + hits);
        }
        if (count == 0) {
            return new Range(0, Double.NaN, Double.NaN, Double.NaN);
        }
        ConfidenceInterval interval = new WilsonScoreInterval().createInterval(count, hits, CONFIDENCE);
        // Rounding must not push the ends behind the share itself, or out of 0 to 1.
        double share = (double) hits / count;
        return new Range(
                count,
                share,
                Math.clamp(interval.getLowerBound(), 0, share),
                Math.clamp(interval.getUpperBound(), share, 1));
    }

    /** Of the mean of scores from 0 to 1: as a share if each is 0 or 1, by Student's t and no wider than 0 to 1 if not. */
    public static Range ofScores(double[] scores) {
        if (Arrays.stream(scores).allMatch(score -> score == 0 || score == 1)) {
            return ofProportion((int) Arrays.stream(scores).sum(), scores.length);
        }
        Interval interval = Interval.of(scores);
        return new Range(scores.length, interval.mean(), Math.max(0, interval.low()), Math.min(1, interval.high()));
    }

    /**
     * Of the mean of several groups' means of scores from 0 to 1, each weighing the same. Where each score is 0 or 1 and all groups are of
     * one size, that mean is a share of all samples, and its interval is Wilson's, no narrower than one that knows the groups; elsewhere
     * that of {@link Interval#ofMeans}, no wider than 0 to 1.
     */
    public static Range ofMeans(List<double[]> groups) {
        double[] all = groups.stream().flatMapToDouble(Arrays::stream).toArray();
        boolean even =
                groups.stream().mapToInt(group -> group.length).distinct().count() == 1;
        if (even && Arrays.stream(all).allMatch(score -> score == 0 || score == 1)) {
            return ofScores(all);
        }
        Interval interval = Interval.ofMeans(groups);
        return new Range(interval.count(), interval.mean(), Math.max(0, interval.low()), Math.min(1, interval.high()));
    }

    /** For people, such as {@code "85.0 (62.1 to 96.8)"}, each number times {@code scale}. */
    public String text(double scale) {
        return Double.isNaN(low)
                ? String.format(Locale.ROOT, "%.1f", scale * estimate)
                : String.format(Locale.ROOT, "%.1f (%.1f to %.1f)", scale * estimate, scale * low, scale * high);
    }
}
