package io.longinfer.eval.statistics;

import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * A straight line through points by least squares, such as latency against context.
 *
 * @param slope with its 95 % interval, if there are three points at least
 * @param intercept likewise
 * @param determination share of the variance that the line explains (r squared)
 */
public record LinearFit(Interval slope, Interval intercept, double determination) {
    private static final double TWO_SIDED_95 = 0.975;

    /**
     * Fits a line.
     *
     * @throws IllegalArgumentException if there are not two different {@code x} or not as many {@code y}
     */
    public static LinearFit of(double[] x, double[] y) {
        if (x.length != y.length) {
            throw new IllegalArgumentException(x.length + " x and " + y.length + " y: as many of both expected");
        }
        SimpleRegression regression = new SimpleRegression();
        for (int i = 0; i < x.length; i++) {
            regression.addData(x[i], y[i]);
        }
        if (Double.isNaN(regression.getSlope())) {
            throw new IllegalArgumentException(
                    "a line goes through points at two places at least, " + x.length + " points at fewer found");
        }
        double quantile =
                x.length < 3 ? Double.NaN : new TDistribution(x.length - 2).inverseCumulativeProbability(TWO_SIDED_95);
        return new LinearFit(
                new Interval(x.length, regression.getSlope(), quantile * regression.getSlopeStdErr()),
                new Interval(x.length, regression.getIntercept(), quantile * regression.getInterceptStdErr()),
                regression.getRSquare());
    }

    /** The line's height at {@code x}. */
    public double at(double x) {
        return intercept.mean() + slope.mean() * x;
    }
}
