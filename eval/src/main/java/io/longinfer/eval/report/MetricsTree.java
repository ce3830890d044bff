package io.longinfer.eval.report;

import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LayerHeat;
import java.util.Map;

/** What a cache did, as reports write it. */
public final class MetricsTree {
    private MetricsTree() {}

    /**
     * Adds {@code tiers}, {@code links}, {@code layers} and {@code heat} (by layer, the share of the chunks in each part of the
     * context that was selected, from the oldest to the newest); if recall was measured, {@code recall}, the layers' mean, and
     * {@code probeBytes}, which also says that latencies include the measuring.
     */
    public static void put(Map<String, Object> tree, KvMetrics metrics) {
        tree.put("tiers", JsonTree.of(metrics.tiers()));
        tree.put("links", PhaseTraffic.toTree(metrics.links()));
        tree.put("layers", JsonTree.of(metrics.layers()));
        tree.put(
                "heat",
                JsonTree.of(metrics.heat().stream().map(LayerHeat::shares).toList()));
        if (metrics.probeBytes() > 0) {
            tree.put("recall", JsonTree.of(metrics.recall()));
            tree.put("probeBytes", metrics.probeBytes());
        }
    }
}
