package io.longinfer.kvcache;

import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.KvMetrics.LinkMetrics;
import io.longinfer.kvcache.KvMetrics.TierMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import io.longinfer.kvcache.disk.DiskCounters;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.tier.LayerTiers;
import io.longinfer.kvcache.tier.Link;
import io.longinfer.kvcache.tier.TierCounters;
import java.util.ArrayList;
import java.util.List;

/** Gathers {@link KvMetrics} from where they are counted. */
final class MetricsReport {
    private MetricsReport() {}

    static KvMetrics of(KvPlan plan, CacheMemory memory, TierCounters counters) {
        return new KvMetrics(
                tiers(plan, memory, counters),
                links(memory, counters),
                layers(counters),
                memory.disk().map(DiskStore::directIo).orElse(false));
    }

    private static List<TierMetrics> tiers(KvPlan plan, CacheMemory memory, TierCounters counters) {
        long device = 0;
        long host = 0;
        long all = 0;
        for (LayerTiers layer : memory.layers()) {
            device += layer.deviceSize();
            host += layer.hostSize();
            all += (long) layer.chunks().closed() * plan.shape().kvHeads();
        }
        long onDisk = memory.disk().isPresent() ? all : 0;
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
            long chunks,
            long hits,
            long misses,
            long evictions,
            long promotions,
            long demotions) {
        TierBudget budget = memory.budget(tier);
        return new TierMetrics(
                tier,
                chunks * memory.chunkBytes(),
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
                        case DISK_TO_DEVICE ->
                            new LinkMetrics(link, disk.readBytes(), disk.readOperations(), disk.readStallNanos());
                        case HOST_TO_DEVICE ->
                            new LinkMetrics(
                                    link,
                                    counters.hostToDeviceBytes,
                                    counters.hostToDeviceOperations,
                                    counters.hostToDeviceNanos);
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

    private static List<LayerMetrics> layers(TierCounters counters) {
        List<LayerMetrics> layers = new ArrayList<>();
        for (int layer = 0; layer < counters.selected.length; layer++) {
            layers.add(new LayerMetrics(
                    layer, counters.selected[layer], counters.candidates[layer], counters.abstractBytes[layer]));
        }
        return layers;
    }
}
