package io.longinfer.model.weights;

import io.longinfer.kvcache.budget.Tier;
import java.util.List;

/**
 * Where weights lie and what moving them took. Immutable.
 *
 * @param stagingBytes device memory through which weights pass, part of what the device uses
 * @param diskBytes read from the file
 * @param linkBytes moved from host (those from disk among them) to the device
 * @param rowReads rows of the embedding or of positions read from disk
 * @param stalls times that a layer had to be waited for
 * @param stallNanos how long, together
 * @param directIo whether the file is read around the page cache
 * @param emulatedDiskBytesPerSecond a slower disk that was stood for; 0 for none
 * @param emulatedLinkBytesPerSecond a slower link that was stood for; 0 for none
 */
public record WeightMetrics(
        List<TierMetrics> tiers,
        long stagingBytes,
        long diskBytes,
        long linkBytes,
        long rowReads,
        long stalls,
        long stallNanos,
        boolean directIo,
        long emulatedDiskBytesPerSecond,
        long emulatedLinkBytesPerSecond) {
    /**
     * One tier.
     *
     * @param layers layers that lie there
     * @param tableParts parts of embedding, positions and output matrix that lie there
     * @param bytes that they take
     * @param budgetBytes what weights may take there
     * @param peakBytes most that they ever took, with staging, norms and biases
     */
    public record TierMetrics(Tier tier, int layers, int tableParts, long bytes, long budgetBytes, long peakBytes) {}

    public WeightMetrics {
        tiers = List.copyOf(tiers);
    }

    /** One tier's figures. */
    public TierMetrics tier(Tier tier) {
        return tiers.stream()
                .filter(metrics -> metrics.tier() == tier)
                .findFirst()
                .orElseThrow();
    }
}
