package io.longinfer.eval.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Latencies of many like events, in nanoseconds; zeros if there were none. Quantiles are exact to three digits.
 *
 * @param count number of events
 */
public record LatencySummary(long count, double meanNanos, long p50Nanos, long p90Nanos, long p99Nanos, long maxNanos) {
    /** Summarises them. */
    public static LatencySummary of(long[] nanos) {
        Histogram histogram = new Histogram(3);
        for (long latency : nanos) {
            histogram.recordValue(latency);
        }
        if (nanos.length == 0) {
            return new LatencySummary(0, 0, 0, 0, 0, 0);
        }
        return new LatencySummary(
                nanos.length,
                histogram.getMean(),
                histogram.getValueAtPercentile(50),
                histogram.getValueAtPercentile(90),
                histogram.getValueAtPercentile(99),
                histogram.getMaxValue());
    }

    Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("count", count);
        tree.put("meanMillis", meanNanos / 1e6);
        tree.put("p50Millis", p50Nanos / 1e6);
        tree.put("p90Millis", p90Nanos / 1e6);
        tree.put("p99Millis", p99Nanos / 1e6);
        tree.put("maxMillis", maxNanos / 1e6);
        return tree;
    }
}
