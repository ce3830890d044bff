package io.longinfer.kvcache;

import io.longinfer.kvcache.KvMetrics.LayerHeat;
import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.KvMetrics.LinkMetrics;
import io.longinfer.kvcache.KvMetrics.PipelineMetrics;
import io.longinfer.kvcache.KvMetrics.TierMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.tier.Link;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** Adds up the metrics of several sequences of one model. Pure functions. */
final class MetricsSum {
    private final List<KvMetrics> parts;

    private MetricsSum(List<KvMetrics> parts) {
        this.parts = parts;
    }

    static KvMetrics of(List<KvMetrics> parts) {
        MetricsSum sum = new MetricsSum(parts);
        KvMetrics first = parts.getFirst();
        List<LayerMetrics> layers = new ArrayList<>();
        List<LayerHeat> heat = new ArrayList<>();
        for (int layer = 0; layer < first.layers().size(); layer++) {
            layers.add(sum.layer(layer));
            heat.add(sum.heat(layer));
        }
        return new KvMetrics(
                first.tiers().stream().map(tier -> sum.tier(tier.tier())).toList(),
                first.links().stream().map(link -> sum.link(link.link())).toList(),
                layers,
                heat,
                sum.pipeline(),
                parts.stream().allMatch(KvMetrics::directIo),
                sum.sum(KvMetrics::probeBytes));
    }

    private long sum(ToLongFunction<KvMetrics> value) {
        long sum = 0;
        for (KvMetrics part : parts) {
            long more = value.applyAsLong(part);
            // A budget without limit is the largest number.
            sum = more > Long.MAX_VALUE - sum ? Long.MAX_VALUE : sum + more;
        }
        return sum;
    }

    private double mean(ToDoubleFunction<KvMetrics> value) {
        return parts.stream().mapToDouble(value).average().orElseThrow();
    }

    private TierMetrics tier(Tier tier) {
        return new TierMetrics(
                tier,
                sum(part -> part.tier(tier).residentBytes()),
                sum(part -> part.tier(tier).reservedBytes()),
                sum(part -> part.tier(tier).peakBytes()),
                sum(part -> part.tier(tier).budgetBytes()),
                sum(part -> part.tier(tier).hits()),
                sum(part -> part.tier(tier).misses()),
                sum(part -> part.tier(tier).evictions()),
                sum(part -> part.tier(tier).promotions()),
                sum(part -> part.tier(tier).demotions()));
    }

    private LinkMetrics link(Link link) {
        return new LinkMetrics(
                link,
                sum(part -> part.link(link).bytes()),
                sum(part -> part.link(link).operations()),
                sum(part -> part.link(link).stallNanos()));
    }

    private LayerMetrics layer(int layer) {
        long recallSteps = sum(part -> part.layers().get(layer).recallSteps());
        double recalls = 0;
        for (KvMetrics part : parts) {
            LayerMetrics of = part.layers().get(layer);
            recalls += of.recallSteps() == 0 ? 0 : of.recall() * of.recallSteps();
        }
        return new LayerMetrics(
                layer,
                sum(part -> part.layers().get(layer).selectedChunks()),
                sum(part -> part.layers().get(layer).selectedTokens()),
                sum(part -> part.layers().get(layer).candidateChunks()),
                mean(part -> part.layers().get(layer).ratio()),
                mean(part -> part.layers().get(layer).desertRate()),
                sum(part -> part.layers().get(layer).nodesOpened()),
                sum(part -> part.layers().get(layer).nodesScored()),
                sum(part -> part.layers().get(layer).leaves()),
                sum(part -> part.layers().get(layer).abstractBytes()),
                sum(part -> part.layers().get(layer).abstractReadBytes()),
                Math.toIntExact(sum(part -> part.layers().get(layer).mergedNodes())),
                sum(part -> part.layers().get(layer).splits()),
                sum(part -> part.layers().get(layer).merges()),
                recalls / recallSteps,
                recallSteps);
    }

    private LayerHeat heat(int layer) {
        List<Long> selected = new ArrayList<>();
        List<Long> candidates = new ArrayList<>();
        for (int i = 0; i < parts.getFirst().heat().get(layer).selected().size(); i++) {
            int bin = i;
            selected.add(sum(part -> part.heat().get(layer).selected().get(bin)));
            candidates.add(sum(part -> part.heat().get(layer).candidates().get(bin)));
        }
        return new LayerHeat(selected, candidates);
    }

    private PipelineMetrics pipeline() {
        PipelineMetrics first = parts.getFirst().pipeline();
        return new PipelineMetrics(
                sum(part -> part.pipeline().aheadUsed()),
                sum(part -> part.pipeline().aheadWasted()),
                sum(part -> part.pipeline().missed()),
                sum(part -> part.pipeline().stallNanos()),
                parts.stream()
                        .mapToLong(part -> part.pipeline().diskBusyNanos())
                        .max()
                        .orElseThrow(),
                first.diskBackend(),
                first.emulatedDiskBytesPerSecond(),
                first.emulatedLinkBytesPerSecond());
    }
}
