package io.longinfer.eval.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Decode and prefill speed at one depth, over repetitions. Not thread-safe. */
public final class Rates {
    private final int depth;
    private final int decodeTokens;
    private final int prefillTokens;
    private final List<long[]> nanos = new ArrayList<>();

    public Rates(int depth, int decodeTokens, int prefillTokens) {
        this.depth = depth;
        this.decodeTokens = decodeTokens;
        this.prefillTokens = prefillTokens;
    }

    /** One more repetition. */
    public void add(long decodeNanos, long prefillNanos) {
        nanos.add(new long[] {decodeNanos, prefillNanos});
    }

    /** Tokens before what was measured. */
    public int depth() {
        return depth;
    }

    /** Decoded tokens a second, one value a repetition. */
    public double[] decode() {
        return rates(decodeTokens, 0);
    }

    /** Tokens read a second, one value a repetition. */
    public double[] prefill() {
        return rates(prefillTokens, 1);
    }

    private double[] rates(int tokens, int which) {
        return nanos.stream()
                .mapToDouble(repetition -> tokens * 1e9 / Math.max(1, repetition[which]))
                .toArray();
    }

    /** The middle value; the mean of the two middle ones of an even number. */
    public static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The least value. */
    public static double least(double[] values) {
        return Arrays.stream(values).min().orElseThrow();
    }

    /** The greatest value. */
    public static double most(double[] values) {
        return Arrays.stream(values).max().orElseThrow();
    }
}
