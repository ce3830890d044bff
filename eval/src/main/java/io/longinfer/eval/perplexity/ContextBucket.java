package io.longinfer.eval.perplexity;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Scored tokens by how many tokens stand before them in their window.
 *
 * @param least fewest tokens before
 * @param end above the most
 */
public record ContextBucket(int least, int end) {
    /** Into how many parts the scored tokens are divided if no width is given. */
    private static final int PARTS = 4;

    /** Divides what is scored of windows: at multiples of {@code width}, or into four parts. */
    public static List<ContextBucket> of(Windows windows, OptionalInt width) {
        int first = windows.dense() + 1;
        int decoded = windows.window() - windows.dense();
        List<ContextBucket> buckets = new ArrayList<>();
        if (width.isEmpty()) {
            for (int part = 0; part < PARTS; part++) {
                buckets.add(new ContextBucket(
                        first + (int) ((long) decoded * part / PARTS),
                        first + (int) ((long) decoded * (part + 1) / PARTS)));
            }
            return buckets;
        }
        int step = width.getAsInt();
        // Multiples as contexts are called: 513 to 1,024 tokens before, as the first of a window has 1.
        for (int least = (first - 1) / step * step; least < windows.window(); least += step) {
            buckets.add(new ContextBucket(least + 1, least + step + 1));
        }
        return buckets;
    }

    /** The mean over its tokens. */
    public Likelihoods.Mean mean(Likelihoods likelihoods) {
        return likelihoods.meanOfContexts(least, end);
    }

    /** For people, such as {@code "513 to 1024"}. */
    public String label() {
        return least + " to " + (end - 1);
    }
}
