package io.longinfer.kvcache.selection;

/**
 * What the searches of one layer did, its KV heads together. A snapshot.
 *
 * @param searches searches of a KV head's tree, guesses not counted
 * @param leaves leaves there were to score, summed over the searches
 * @param opened inner nodes opened, that is, whose children were scored
 * @param scored nodes scored, inner ones and leaves
 * @param scoredBytes bytes of abstracts of the leaves opened
 * @param readGroups groups of leaves read from disk
 * @param readBytes their bytes
 * @param ratio share of the chunks that is chosen
 * @param desertRate share of the chunks that lie in deserts, mean over KV heads; 0 if it was never measured
 * @param mergedNodes nodes of 256 tokens of the partition, now
 * @param splits nodes split during decoding
 * @param merges nodes merged during decoding
 */
public record SearchStatistics(
        long searches,
        long leaves,
        long opened,
        long scored,
        long scoredBytes,
        long readGroups,
        long readBytes,
        double ratio,
        double desertRate,
        int mergedNodes,
        long splits,
        long merges) {
    /** Of a layer that searches nothing. */
    public static final SearchStatistics NONE = new SearchStatistics(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
}
