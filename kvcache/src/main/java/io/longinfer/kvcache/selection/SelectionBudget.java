package io.longinfer.kvcache.selection;

import io.longinfer.kernels.attention.ChunkLayout;

/**
 * How much a layer attends (system.md section 4, Budget): {@code ratio x n} tokens, rounded up to chunks, and on top of it
 * the sinks and the recent tokens.
 *
 * @param ratio share of the closed chunks that is chosen, 0 to 1
 * @param firstLayers layers, from the first, that have a ratio of their own
 * @param firstLayersRatio that ratio
 * @param sinkTokens first tokens, always attended
 * @param recentTokens newest closed tokens, always attended
 */
public record SelectionBudget(
        double ratio, int firstLayers, double firstLayersRatio, int sinkTokens, int recentTokens) {
    /** Keeps {@code 0.1 * 30} at 3 chunks: products of decimal ratios are off by less than this. */
    private static final double ROUNDING = 1e-9;

    public SelectionBudget {
        checkRatio("ratio", ratio);
        checkRatio("ratio of the first layers", firstLayersRatio);
        if (firstLayers < 0 || sinkTokens < 0 || recentTokens < 0) {
            throw new IllegalArgumentException("first layers, sink tokens and recent tokens are not negative: found "
                    + firstLayers + ", " + sinkTokens + " and " + recentTokens);
        }
    }

    private static void checkRatio(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("a " + name + " lies between 0 and 1, not at " + value);
        }
    }

    /** The ratio of {@code layer}. */
    public double ratio(int layer) {
        return layer < firstLayers ? firstLayersRatio : ratio;
    }

    /** Chunks to choose among {@code chunks} closed ones of a layer with the fixed rule. */
    public int chosenChunks(int layer, int chunks) {
        return chosenChunks(ratio(layer), chunks);
    }

    /** Chunks to choose among {@code chunks} closed ones at {@code ratio}. */
    public static int chosenChunks(double ratio, int chunks) {
        return Math.min(chunks, (int) Math.ceil(ratio * chunks - ROUNDING));
    }

    /** Leading chunks that are always attended. */
    public int sinkChunks() {
        return toChunks(sinkTokens);
    }

    /** Newest closed chunks that are always attended. */
    public int recentChunks() {
        return toChunks(recentTokens);
    }

    /** Chunks that a KV head of {@code layer} attends when there are {@code chunks}, the always attended among them. */
    public int attendedChunks(int layer, int chunks) {
        return attendedChunks(ratio(layer), chunks);
    }

    /** Chunks that a KV head attends at {@code ratio} when there are {@code chunks}. */
    public int attendedChunks(double ratio, int chunks) {
        return (int) Math.min(chunks, (long) chosenChunks(ratio, chunks) + sinkChunks() + recentChunks());
    }

    private static int toChunks(int tokens) {
        return Math.ceilDiv(tokens, ChunkLayout.TOKENS);
    }
}
