package io.longinfer.eval.report.figure;

import java.util.Arrays;

/** Median, least and greatest of repetitions. */
record Spread(double median, double least, double greatest) {
    /** Of at least one value; with a single one there is no spread, and its ends are NaN. */
    static Spread of(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int count = sorted.length;
        double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
        return count < 2
                ? new Spread(median, Double.NaN, Double.NaN)
                : new Spread(median, sorted[0], sorted[count - 1]);
    }
}
