package io.longinfer.eval.statistics;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Percentile bootstrap (Efron, Annals of Statistics 7, 1979): a figure's 95 % interval from samples drawn again with replacement. The
 * same seed gives the same interval. Stateless.
 */
public final class Bootstrap {
    private static final double LOW_PERCENT = 2.5;
    private static final double HIGH_PERCENT = 97.5;

    private Bootstrap() {}

    /**
     * Of any figure of samples.
     *
     * @param resamples how often they are drawn again, some thousands
     */
    public static Range of(double[] samples, ToDoubleFunction<double[]> figure, int resamples, long seed) {
        Random random = new Random(seed);
        double estimate = figure.applyAsDouble(samples);
        return range(samples.length, estimate, resamples, () -> figure.applyAsDouble(drawn(samples, random)));
    }

    /** Of a speed-up: the median of {@code before} by that of {@code after}, drawn independently of each other. */
    public static Range ofRatioOfMedians(double[] before, double[] after, int resamples, long seed) {
        Random random = new Random(seed);
        return range(
                Math.min(before.length, after.length),
                median(before) / median(after),
                resamples,
                () -> median(drawn(before, random)) / median(drawn(after, random)));
    }

    private static Range range(int count, double estimate, int resamples, DoubleSupplier again) {
        if (resamples < 1) {
            throw new IllegalArgumentException("samples are drawn again at least once, not " + resamples + " times");
        }
        if (count < 2) {
            return new Range(count, estimate, Double.NaN, Double.NaN);
        }
        double[] figures = new double[resamples];
        Arrays.setAll(figures, i -> again.getAsDouble());
        return new Range(
                count,
                estimate,
                StatUtils.percentile(figures, LOW_PERCENT),
                StatUtils.percentile(figures, HIGH_PERCENT));
    }

    private static double[] drawn(double[] samples, Random random) {
        double[] drawn = new double[samples.length];
        Arrays.setAll(drawn, i -> samples[random.nextInt(samples.length)]);
        return drawn;
    }

    private static double median(double[] samples) {
        return StatUtils.percentile(samples, 50);
    }
}
