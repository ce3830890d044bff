package io.longinfer.eval.report;

import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvMetrics.LinkMetrics;
import io.longinfer.kvcache.KvMetrics.TierMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.tier.Link;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Runs side by side, for people: latencies, then bytes of each tier and link. */
public final class ComparisonTable {
    private final List<String> names;
    private final List<RunReport> reports;

    /** @param names one a report, as the columns are headed */
    public ComparisonTable(List<String> names, List<RunReport> reports) {
        this.names = List.copyOf(names);
        this.reports = List.copyOf(reports);
    }

    /** The latencies. */
    public String latencies() {
        Table table = head("latency");
        row(table, "first token after", report -> seconds(report.timing().timeToFirstTokenNanos()));
        row(table, "prefill, tokens/s", report -> rate(report.timing().prefillTokensPerSecond()));
        row(table, "decode, tokens/s", report -> rate(report.timing().decodeTokensPerSecond()));
        row(table, "a token, p50", report -> millis(report.timing().decode().p50Nanos()));
        row(table, "a token, p90", report -> millis(report.timing().decode().p90Nanos()));
        row(table, "a token, p99", report -> millis(report.timing().decode().p99Nanos()));
        if (reports.stream().anyMatch(report -> report.metrics().probeBytes() > 0)) {
            row(
                    table,
                    "recall (measuring it takes time)",
                    report -> share(report.metrics().recall()));
        }
        return table.toString();
    }

    /** Where the bytes lay. */
    public String tiers() {
        Table table = head("bytes a tier");
        for (Tier tier : Tier.values()) {
            row(
                    table,
                    tier.label() + ", KV there",
                    report -> bytes(tier(report, tier).residentBytes()));
            row(
                    table,
                    tier.label() + ", peak of all",
                    report -> bytes(tier(report, tier).peakBytes()));
            row(
                    table,
                    tier.label() + ", budget",
                    report -> bytes(tier(report, tier).budgetBytes()));
        }
        return table.toString();
    }

    /** What travelled. */
    public String links() {
        Table table = head("bytes a link");
        for (Link link : Link.values()) {
            row(
                    table,
                    link.label() + ", prefill",
                    report -> bytes(report.traffic().prefill(), link));
            row(
                    table,
                    link.label() + ", decode",
                    report -> bytes(report.traffic().decode(), link));
        }
        return table.toString();
    }

    private Table head(String title) {
        Object[] cells = new Object[names.size() + 1];
        cells[0] = title;
        for (int index = 0; index < names.size(); index++) {
            cells[index + 1] = names.get(index);
        }
        return new Table().row(cells);
    }

    private void row(Table table, String name, Function<RunReport, String> cell) {
        Object[] cells = new Object[reports.size() + 1];
        cells[0] = name;
        for (int index = 0; index < reports.size(); index++) {
            cells[index + 1] = cell.apply(reports.get(index));
        }
        table.row(cells);
    }

    private static TierMetrics tier(RunReport report, Tier tier) {
        return report.metrics().tier(tier);
    }

    private static String bytes(List<LinkMetrics> links, Link wanted) {
        return bytes(links.stream()
                .filter(link -> link.link() == wanted)
                .mapToLong(LinkMetrics::bytes)
                .sum());
    }

    private static String bytes(long bytes) {
        return ByteSize.format(bytes);
    }

    private static String share(double share) {
        return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }

    private static String rate(double tokensPerSecond) {
        return String.format(Locale.ROOT, "%.0f", tokensPerSecond);
    }
}
