package io.longinfer.kvcache;

import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.tier.Link;
import java.util.ArrayList;
import java.util.List;

/**
 * What a cache did since it was made, or since {@link KvCache#resetMetrics}. A snapshot.
 *
 * @param tiers device, host and disk
 * @param links what travelled between them
 * @param layers what decoding steps selected
 * @param heat by layer, where in the context they selected
 * @param pipeline how well moving and computing overlapped
 * @param directIo whether the disk was read and written around the page cache; false without a disk
 * @param probeBytes bytes, outside all budgets, of the copy of all keys that recall is measured with; 0 if it is not. Latencies
 *     of such a run include the measuring
 */
public record KvMetrics(
        List<TierMetrics> tiers,
        List<LinkMetrics> links,
        List<LayerMetrics> layers,
        List<LayerHeat> heat,
        PipelineMetrics pipeline,
        boolean directIo,
        long probeBytes) {
    /**
     * One tier.
     *
     * @param residentBytes bytes of chunks that lie there now
     * @param reservedBytes bytes taken from the budget now: memory for chunks, abstracts and buffers, or the file
     * @param peakBytes most bytes taken from the budget at once
     * @param budgetBytes the budget
     * @param hits chunks asked for that lay there
     * @param misses chunks asked for that did not, though no faster tier had them
     * @param evictions chunks dropped, a slower tier having them
     * @param promotions chunks that came to stay from a slower tier
     * @param demotions chunks that moved to the next slower tier
     */
    public record TierMetrics(
            Tier tier,
            long residentBytes,
            long reservedBytes,
            long peakBytes,
            long budgetBytes,
            long hits,
            long misses,
            long evictions,
            long promotions,
            long demotions) {}

    /**
     * One link.
     *
     * @param stallNanos time the sequence waited for it
     */
    public record LinkMetrics(Link link, long bytes, long operations, long stallNanos) {}

    /**
     * One layer, its KV heads together, over all decoding steps.
     *
     * @param selectedChunks chunks attended
     * @param selectedTokens tokens attended of them
     * @param candidateChunks chunks there were
     * @param ratio share of the chunks that is chosen, now
     * @param desertRate share of the chunks that lay in deserts at the end of the prompt; 0 if it was not measured
     * @param nodesOpened inner nodes of the chunk tree whose children were scored
     * @param nodesScored nodes scored, inner ones and leaves
     * @param leaves leaves there were to score
     * @param abstractBytes bytes of abstracts of the leaves scored
     * @param abstractReadBytes bytes of abstracts read from disk
     * @param mergedNodes nodes of 256 tokens of the adaptive partition, now
     * @param splits nodes split in decoding
     * @param merges nodes merged in decoding
     * @param recall share of the true attention over closed chunks that lay on the selected ones, mean over query heads and
     *     steps; the open chunk, which is always attended, is left out of both; NaN if it was not measured
     * @param recallSteps steps in that mean
     */
    public record LayerMetrics(
            int layer,
            long selectedChunks,
            long selectedTokens,
            long candidateChunks,
            double ratio,
            double desertRate,
            long nodesOpened,
            long nodesScored,
            long leaves,
            long abstractBytes,
            long abstractReadBytes,
            int mergedNodes,
            long splits,
            long merges,
            double recall,
            long recallSteps) {}

    /**
     * Where in the context decoding steps of one layer selected, in bins from the oldest chunks to the newest.
     *
     * @param selected chunks selected in each bin, KV heads and steps together
     * @param candidates chunks there were
     */
    public record LayerHeat(List<Long> selected, List<Long> candidates) {
        public LayerHeat {
            selected = List.copyOf(selected);
            candidates = List.copyOf(candidates);
        }

        /** The share of each bin's chunks that was selected; NaN for a bin that had none. */
        public List<Double> shares() {
            List<Double> shares = new ArrayList<>();
            for (int bin = 0; bin < selected.size(); bin++) {
                shares.add(selected.get(bin) / (double) candidates.get(bin));
            }
            return shares;
        }
    }

    /**
     * How moving and computing overlapped.
     *
     * @param aheadUsed chunks that were read ahead on a guess and then selected
     * @param aheadWasted chunks that were read ahead and not selected
     * @param missed chunks selected that lay on disk only and were not read ahead
     * @param stallNanos time the sequence waited for disk or link
     * @param diskBusyNanos time with a read under way, of all sequences that share the disk
     * @param diskBackend how the disk was read; empty without a disk
     * @param emulatedDiskBytesPerSecond speed of the disk that was emulated, 0 for none
     * @param emulatedLinkBytesPerSecond speed of the link to the device that was emulated, 0 for none
     */
    public record PipelineMetrics(
            long aheadUsed,
            long aheadWasted,
            long missed,
            long stallNanos,
            long diskBusyNanos,
            String diskBackend,
            long emulatedDiskBytesPerSecond,
            long emulatedLinkBytesPerSecond) {}

    public KvMetrics {
        tiers = List.copyOf(tiers);
        links = List.copyOf(links);
        layers = List.copyOf(layers);
        heat = List.copyOf(heat);
    }

    /**
     * The metrics of sequences that decoded together, at least one: counts, bytes and times are added up, ratios and desert
     * rates are means, a layer's recall is the mean over all steps. The disk's busy time, which they share, is the longest.
     */
    public static KvMetrics sum(List<KvMetrics> sequences) {
        return MetricsSum.of(sequences);
    }

    /** Mean recall over the layers that measured it; NaN if none did. */
    public double recall() {
        return layers.stream()
                .filter(layer -> layer.recallSteps() > 0)
                .mapToDouble(LayerMetrics::recall)
                .average()
                .orElse(Double.NaN);
    }

    /** The metrics of a tier. */
    public TierMetrics tier(Tier tier) {
        return tiers.stream()
                .filter(metrics -> metrics.tier() == tier)
                .findFirst()
                .orElseThrow();
    }

    /** The metrics of a link. */
    public LinkMetrics link(Link link) {
        return links.stream()
                .filter(metrics -> metrics.link() == link)
                .findFirst()
                .orElseThrow();
    }
}
