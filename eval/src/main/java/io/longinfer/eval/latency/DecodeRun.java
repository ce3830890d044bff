package io.longinfer.eval.latency;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.report.MetricsTree;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.tier.Link;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.InferenceSession.PrefillListener;
import io.longinfer.model.generation.Sampler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * One variant, decoding.
 *
 * @param firstTokenNanos time from empty sequences to the first token of each, if the variant read the prompts itself
 * @param stepNanos latency of each measured step
 * @param sameTokens steps times sequences, warm-up included, in which the variant's likeliest token was full attention's
 * @param tokens how many there were
 * @param caches metrics of each sequence over the measured steps
 */
@SuppressWarnings("ArrayRecordComponent") // a result, never compared
public record DecodeRun(
        int batch,
        Variant variant,
        KvConfig configuration,
        OptionalLong firstTokenNanos,
        long[] stepNanos,
        int sameTokens,
        int tokens,
        List<KvMetrics> caches) {
    /** Runs a variant, which takes the prompts' KV over, through {@code warmUp + steps} steps. */
    public static DecodeRun of(Prefix prefix, int batch, Variant variant, KvConfig configuration, int warmUp, int steps)
            throws IOException {
        try (BatchSession session = prefix.open(configuration, batch)) {
            return decode(session, OptionalLong.empty(), prefix, variant, configuration, warmUp, steps);
        }
    }

    /** The same for a variant that reads the prompts itself. */
    public static DecodeRun withPrefill(
            Prefix prefix,
            int batch,
            Variant variant,
            KvConfig configuration,
            int warmUp,
            int steps,
            PrefillListener progress)
            throws IOException {
        try (BatchSession session = prefix.openEmpty(configuration, batch)) {
            long start = System.nanoTime();
            prefix.readInto(session, progress);
            OptionalLong nanos = OptionalLong.of(System.nanoTime() - start);
            return decode(session, nanos, prefix, variant, configuration, warmUp, steps);
        }
    }

    private static DecodeRun decode(
            BatchSession session,
            OptionalLong firstTokenNanos,
            Prefix prefix,
            Variant variant,
            KvConfig configuration,
            int warmUp,
            int steps)
            throws IOException {
        int batch = session.sequences();
        int same = 0;
        int[] ids = new int[batch];
        long[] nanos = new long[steps];
        for (int step = 0; step < warmUp + steps; step++) {
            if (step == warmUp) {
                for (int sequence = 0; sequence < batch; sequence++) {
                    session.cache(sequence).resetMetrics();
                }
            }
            for (int sequence = 0; sequence < batch; sequence++) {
                ids[sequence] = prefix.continuation(sequence)[step];
            }
            long start = System.nanoTime();
            session.decode(ids);
            if (step >= warmUp) {
                nanos[step - warmUp] = System.nanoTime() - start;
            }
            for (int sequence = 0; sequence < batch; sequence++) {
                int next = Sampler.argmax(session.logits(sequence));
                same += next == prefix.continuation(sequence)[step + 1] ? 1 : 0;
            }
        }
        List<KvMetrics> caches = new ArrayList<>();
        for (int sequence = 0; sequence < batch; sequence++) {
            caches.add(session.cache(sequence).metrics());
        }
        return new DecodeRun(
                batch,
                variant,
                configuration,
                firstTokenNanos,
                nanos,
                same,
                (warmUp + steps) * batch,
                List.copyOf(caches));
    }

    /** Mean latency of a step. */
    double meanNanos() {
        return Arrays.stream(stepNanos).average().orElse(0);
    }

    /** Median latency of a step. */
    double medianNanos() {
        long[] sorted = stepNanos.clone();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2.0;
    }

    /** Bytes over a link, a step. */
    double bytes(Link link) {
        return caches.stream().mapToLong(cache -> cache.link(link).bytes()).sum() / (double) stepNanos.length;
    }

    /** Share of the selected chunks that lay on the device. */
    double hitRate() {
        return rate(Tier.DEVICE);
    }

    /** Share of the others that lay in the host. */
    double hostHitRate() {
        return rate(Tier.HOST);
    }

    private double rate(Tier tier) {
        long hits = caches.stream().mapToLong(cache -> cache.tier(tier).hits()).sum();
        long misses =
                caches.stream().mapToLong(cache -> cache.tier(tier).misses()).sum();
        return hits + misses == 0 ? 1 : (double) hits / (hits + misses);
    }

    /** Time a step waited for disk and links. */
    double stallNanos() {
        return caches.stream().mapToLong(cache -> cache.pipeline().stallNanos()).sum() / (double) stepNanos.length;
    }

    /** Time a step had the disk reading, which all sequences share. */
    double diskBusyNanos() {
        return caches.getFirst().pipeline().diskBusyNanos() / (double) stepNanos.length;
    }

    /** Time of the slowest stage (disk, or what is not waiting) against that of a step; 1 if all overlap. */
    double efficiency() {
        return Math.max(diskBusyNanos(), meanNanos() - stallNanos()) / meanNanos();
    }

    /** For programs. */
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("variant", variant.label());
        tree.put("batch", batch);
        firstTokenNanos.ifPresent(nanos -> tree.put("timeToFirstTokenMillis", nanos / 1e6));
        tree.put("steps", stepNanos.length);
        tree.put(
                "stepMillis",
                Arrays.stream(stepNanos).mapToObj(nanos -> nanos / 1e6).toList());
        tree.put("medianMillis", medianNanos() / 1e6);
        tree.put("meanMillis", meanNanos() / 1e6);
        tree.put("sameTokens", sameTokens);
        tree.put("tokens", tokens);
        tree.put("stallMillis", stallNanos() / 1e6);
        tree.put("diskBusyMillis", diskBusyNanos() / 1e6);
        tree.put("pipelineEfficiency", efficiency());
        tree.put("deviceHitRate", hitRate());
        tree.put("hostHitRate", hostHitRate());
        for (Link link : Link.values()) {
            tree.put(link.label() + " bytes a step", bytes(link));
        }
        tree.put("selectedShare", selectedShare());
        tree.put("attendedShare", attendedShare());
        tree.put("nodesOpenedShare", openedShare());
        tree.put("nodesScoredShare", scoredShare());
        tree.put("diskBackend", caches.getFirst().pipeline().diskBackend());
        tree.put("peakDeviceBytes", peak(Tier.DEVICE));
        tree.put("peakHostBytes", peak(Tier.HOST));
        MetricsTree.put(tree, KvMetrics.sum(caches));
        return tree;
    }

    /** Most bytes taken of a tier, all sequences together. */
    long peak(Tier tier) {
        return caches.stream().mapToLong(cache -> cache.tier(tier).peakBytes()).sum();
    }

    /** Share of the closed chunks' tokens that were attended. */
    double attendedShare() {
        return ratio(KvMetrics.LayerMetrics::selectedTokens, KvMetrics.LayerMetrics::candidateChunks)
                / ChunkLayout.TOKENS;
    }

    /** Share of the chunks that were attended, in part or whole. */
    double selectedShare() {
        return ratio(KvMetrics.LayerMetrics::selectedChunks, KvMetrics.LayerMetrics::candidateChunks);
    }

    /** Inner nodes opened against leaves. */
    double openedShare() {
        return ratio(KvMetrics.LayerMetrics::nodesOpened, KvMetrics.LayerMetrics::leaves);
    }

    /** Nodes scored against leaves. */
    double scoredShare() {
        return ratio(KvMetrics.LayerMetrics::nodesScored, KvMetrics.LayerMetrics::leaves);
    }

    private double ratio(
            java.util.function.ToLongFunction<KvMetrics.LayerMetrics> of,
            java.util.function.ToLongFunction<KvMetrics.LayerMetrics> to) {
        long numerator = 0;
        long denominator = 0;
        for (KvMetrics cache : caches) {
            numerator += cache.layers().stream().mapToLong(of).sum();
            denominator += cache.layers().stream().mapToLong(to).sum();
        }
        return denominator == 0 ? 0 : (double) numerator / denominator;
    }
}
