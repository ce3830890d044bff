package io.longinfer.eval.latency;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.report.Table;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.tier.Link;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Variants side by side, for people: medians over the repetitions, ratios to the first variant.
 *
 * @param kvBytes bytes of the KV of all sequences
 * @param ours the configuration of ours
 */
public record LatencyTable(int batch, long kvBytes, KvConfig ours, List<DecodeRun> runs) {
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("batch " + batch + ", KV " + ByteSize.format(kvBytes)
                + ", device budget "
                + ByteSize.format(ours.deviceBudgetBytes()) + ", host budget " + ByteSize.format(ours.hostBudgetBytes())
                + ", disk by "
                + runs.getFirst().caches().getFirst().pipeline().diskBackend());
        if (ours.emulatedDiskBytesPerSecond() > 0) {
            text.append(", EMULATED disk of ")
                    .append(ByteSize.format(ours.emulatedDiskBytesPerSecond()))
                    .append("/s");
        }
        if (ours.emulatedLinkBytesPerSecond() > 0) {
            text.append(", EMULATED link of ")
                    .append(ByteSize.format(ours.emulatedLinkBytesPerSecond()))
                    .append("/s");
        }
        List<Variant> variants =
                runs.stream().map(DecodeRun::variant).distinct().toList();
        if (ours.recall()) {
            text.append(", STEPS INCLUDE MEASURING RECALL: ")
                    .append(variants.stream()
                            .map(variant -> variant.label() + " "
                                    + percent(median(
                                            variant,
                                            run -> KvMetrics.sum(run.caches()).recall())))
                            .collect(Collectors.joining(", ")));
        }
        text.append('\n');
        Table table = new Table()
                .row(
                        "variant",
                        "step, ms",
                        "least",
                        "most",
                        "ratio",
                        "same",
                        "selected",
                        "attended",
                        "disk, MiB",
                        "hits",
                        "host hits",
                        "stall, ms",
                        "disk busy",
                        "efficiency",
                        "opened",
                        "scored",
                        "device peak",
                        "host peak");
        double first = median(runs.getFirst().variant(), DecodeRun::medianNanos);
        for (Variant variant : variants) {
            row(table, variant, first);
        }
        return text.append(table).toString();
    }

    private void row(Table table, Variant variant, double first) {
        double step = median(variant, DecodeRun::medianNanos);
        table.row(
                variant.label(),
                figure(step / 1e6),
                figure(of(variant).stream()
                                .mapToDouble(DecodeRun::medianNanos)
                                .min()
                                .orElse(0)
                        / 1e6),
                figure(of(variant).stream()
                                .mapToDouble(DecodeRun::medianNanos)
                                .max()
                                .orElse(0)
                        / 1e6),
                String.format(Locale.ROOT, "%.2fx", first / step),
                percent(median(variant, run -> (double) run.sameTokens() / run.tokens())),
                percent(median(variant, DecodeRun::selectedShare)),
                percent(median(variant, DecodeRun::attendedShare)),
                figure(median(variant, run -> run.bytes(Link.DISK_TO_HOST)) / (1 << 20)),
                percent(median(variant, DecodeRun::hitRate)),
                percent(median(variant, DecodeRun::hostHitRate)),
                figure(median(variant, DecodeRun::stallNanos) / 1e6),
                figure(median(variant, DecodeRun::diskBusyNanos) / 1e6),
                percent(median(variant, DecodeRun::efficiency)),
                percent(median(variant, DecodeRun::openedShare)),
                percent(median(variant, DecodeRun::scoredShare)),
                ByteSize.format((long) median(variant, run -> run.peak(Tier.DEVICE))),
                ByteSize.format((long) median(variant, run -> run.peak(Tier.HOST))));
    }

    private List<DecodeRun> of(Variant variant) {
        return runs.stream().filter(run -> run.variant() == variant).toList();
    }

    private double median(Variant variant, ToDoubleFunction<DecodeRun> value) {
        double[] sorted = of(variant).stream().mapToDouble(value).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static String figure(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }
}
