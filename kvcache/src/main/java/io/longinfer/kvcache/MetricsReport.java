package io.longinfer.kvcache;

import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.KvMetrics.LinkMetrics;
import io.longinfer.kvcache.KvMetrics.PipelineMetrics;
import io.longinfer.kvcache.KvMetrics.TierMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import io.longinfer.kvcache.disk.DiskCounters;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.selection.SearchStatistics;
import io.longinfer.kvcache.selection.Selector;
import io.longinfer.kvcache.selection.TreeSelector;
import io.longinfer.kvcache.tier.Link;
import io.longinfer.kvcache.tier.TierCounters;
import java.util.ArrayList;
import java.util.List;

/** Gathers {@link KvMetrics} from where they are counted. */
final class MetricsReport {
    private MetricsReport() {}

    static KvMetrics of(
            KvPlan plan,
            KvConfig config,
            CacheMemory memory,
            Selector selector,
            SharedLinks links,
            TierCounters counters,
            Instruments instruments) {
        return new KvMetrics(
                tiers(plan, memory, counters),
                links(memory, counters),
                layers(selector, counters, instruments),
                instruments.heat(),
                pipeline(config, memory, links, counters),
                memory.disk().map(DiskStore::directIo).orElse(false),
                instruments.sizeBytes());
    }

    private static List<TierMetrics> tiers(KvPlan plan, CacheMemory memory, TierCounters counters) {
        long all = 0;
        for (int layer = 0; layer < plan.shape().layers(); layer++) {
            all += (long) memory.chunks().closed(layer) * plan.shape().kvHeads();
        }
        long device = (long) memory.residency().device().kept() * memory.chunkBytes();
        long host = (long) memory.residency().host().kept() * plan.recordBytes();
        long onDisk = memory.disk().isPresent() ? all * plan.recordBytes() : 0;
        return List.of(
                tier(
                        memory,
                        Tier.DEVICE,
                        device,
                        counters.deviceHits,
                        counters.deviceMisses,
                        counters.deviceEvictions,
                        counters.devicePromotions,
                        counters.demotions),
                tier(
                        memory,
                        Tier.HOST,
                        host,
                        counters.hostHits,
                        counters.hostMisses,
                        counters.hostEvictions,
                        counters.hostPromotions,
                        0),
                tier(memory, Tier.DISK, onDisk, counters.hostMisses, 0, 0, 0, 0));
    }

    private static TierMetrics tier(
            CacheMemory memory,
            Tier tier,
            long bytes,
            long hits,
            long misses,
            long evictions,
            long promotions,
            long demotions) {
        TierBudget budget = memory.budget(tier);
        return new TierMetrics(
                tier,
                bytes,
                budget.usedBytes(),
                budget.peakBytes(),
                budget.limitBytes(),
                hits,
                misses,
                evictions,
                promotions,
                demotions);
    }

    private static List<LinkMetrics> links(CacheMemory memory, TierCounters counters) {
        List<LinkMetrics> links = new ArrayList<>();
        DiskCounters disk = memory.disk().map(DiskStore::counters).orElseGet(DiskCounters::none);
        for (Link link : Link.values()) {
            links.add(
                    switch (link) {
                        case DISK_TO_HOST ->
                            new LinkMetrics(link, disk.readBytes(), disk.readOperations(), disk.readStallNanos());
                        case HOST_TO_DEVICE ->
                            new LinkMetrics(
                                    link,
                                    counters.hostToDeviceBytes + counters.arrivedBytes(),
                                    counters.hostToDeviceOperations + counters.arrivedRecords(),
                                    counters.hostToDeviceNanos + counters.linkStallNanos);
                        case DEVICE_TO_HOST ->
                            new LinkMetrics(
                                    link,
                                    counters.deviceToHostBytes,
                                    counters.deviceToHostOperations,
                                    counters.deviceToHostNanos);
                        case HOST_TO_DISK ->
                            new LinkMetrics(link, disk.writtenBytes(), disk.writeOperations(), disk.writeStallNanos());
                    });
        }
        return links;
    }

    private static List<LayerMetrics> layers(Selector selector, TierCounters counters, Instruments instruments) {
        List<LayerMetrics> layers = new ArrayList<>();
        for (int layer = 0; layer < counters.selected.length; layer++) {
            SearchStatistics search =
                    selector instanceof TreeSelector tree ? tree.statistics(layer) : SearchStatistics.NONE;
            layers.add(new LayerMetrics(
                    layer,
                    counters.selected[layer],
                    counters.selectedTokens[layer],
                    counters.candidates[layer],
                    search.ratio(),
                    search.desertRate(),
                    search.opened(),
                    search.scored(),
                    search.leaves(),
                    search.scoredBytes(),
                    search.readBytes(),
                    search.mergedNodes(),
                    search.splits(),
                    search.merges(),
                    instruments.recall(layer),
                    instruments.recallSteps(layer)));
        }
        return layers;
    }

    private static PipelineMetrics pipeline(
            KvConfig config, CacheMemory memory, SharedLinks links, TierCounters counters) {
        DiskCounters disk = memory.disk().map(DiskStore::counters).orElseGet(DiskCounters::none);
        return new PipelineMetrics(
                counters.aheadUsed,
                counters.aheadWasted,
                counters.hostMisses - counters.aheadMisses,
                disk.readStallNanos() + counters.linkStallNanos + counters.hostToDeviceNanos,
                links.disk().map(DiskIo::busyNanos).orElse(0L),
                links.disk().map(DiskIo::backend).orElse(""),
                config.emulatedDiskBytesPerSecond(),
                config.emulatedLinkBytesPerSecond());
    }
}
