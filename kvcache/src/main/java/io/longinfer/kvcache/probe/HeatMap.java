package io.longinfer.kvcache.probe;

import io.longinfer.kvcache.selection.Selection;
import java.util.Arrays;

/**
 * In which part of the context decoding steps selected chunks: per layer, {@link #BINS} bins from the oldest chunks to the
 * newest; chunk {@code c} of {@code n} closed ones falls into bin {@code c * BINS / n}, so that a chunk moves to earlier bins
 * as the context grows. Not thread-safe.
 */
public final class HeatMap {
    /** Bins of a layer. */
    public static final int BINS = 32;

    private final long[][] selected;
    private final long[][] candidates;

    /** All zero. */
    public HeatMap(int layers) {
        selected = new long[layers][BINS];
        candidates = new long[layers][BINS];
    }

    /** Counts what a step selected among {@code chunks} closed ones of each KV head. */
    public void add(int layer, int chunks, Selection selection) {
        for (int bin = 0; bin < BINS; bin++) {
            candidates[layer][bin] += (long) selection.kvHeads() * (end(bin, chunks) - end(bin - 1, chunks));
        }
        for (int head = 0; head < selection.kvHeads(); head++) {
            // Chunks ascend, and so do bins.
            int bin = 0;
            int end = end(0, chunks);
            for (int i = 0; i < selection.size(head); i++) {
                while (selection.chunk(head, i) >= end) {
                    end = end(++bin, chunks);
                }
                selected[layer][bin]++;
            }
        }
    }

    /** The first chunk behind a bin. */
    private static int end(int bin, int chunks) {
        return (int) (((long) (bin + 1) * chunks + BINS - 1) / BINS);
    }

    /** {@code [BINS]}: chunks selected in each bin, KV heads and steps together; a copy. */
    public long[] selected(int layer) {
        return selected[layer].clone();
    }

    /** {@code [BINS]}: chunks that could have been; a copy. */
    public long[] candidates(int layer) {
        return candidates[layer].clone();
    }

    /** Starts anew. */
    public void reset() {
        for (int layer = 0; layer < selected.length; layer++) {
            Arrays.fill(selected[layer], 0);
            Arrays.fill(candidates[layer], 0);
        }
    }
}
