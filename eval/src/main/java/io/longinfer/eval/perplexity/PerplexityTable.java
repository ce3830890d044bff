package io.longinfer.eval.perplexity;

import io.longinfer.eval.perplexity.Likelihoods.Mean;
import io.longinfer.eval.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Perplexities of several ways to manage KV, by context, for people: each, and how much it is above the first's, with the 95 % interval
 * of the differences token by token.
 *
 * @param results at least one, of the same tokens
 */
public record PerplexityTable(List<TextResult> results, List<ContextBucket> buckets) {
    public PerplexityTable {
        results = List.copyOf(results);
        buckets = List.copyOf(buckets);
        if (results.isEmpty()) {
            throw new IllegalArgumentException("a table of perplexities has at least 1 variant");
        }
    }

    @Override
    public String toString() {
        TextResult base = results.getFirst();
        List<Object> head = new ArrayList<>(
                List.of("tokens before", "scored", base.variant().label()));
        for (TextResult result : results.subList(1, results.size())) {
            head.add(result.variant().label());
            head.add("above " + base.variant().label() + ", %");
        }
        Table table = new Table().row(head.toArray()).row(row("all", Likelihoods::mean));
        for (ContextBucket bucket : buckets) {
            if (bucket.mean(base.likelihoods()).count() > 0) {
                table.row(row(bucket.label(), bucket::mean));
            }
        }
        return table.toString();
    }

    private Object[] row(String label, Function<Likelihoods, Mean> mean) {
        TextResult base = results.getFirst();
        Mean first = mean.apply(base.likelihoods());
        List<Object> row = new ArrayList<>(List.of(label, first.count(), text(first.perplexity())));
        for (TextResult result : results.subList(1, results.size())) {
            Mean above = mean.apply(result.above(base));
            row.add(text(mean.apply(result.likelihoods()).perplexity()));
            row.add(String.format(
                    Locale.ROOT,
                    "%+.2f (%+.2f to %+.2f)",
                    percent(above.perplexity()),
                    percent(above.low()),
                    percent(above.high())));
        }
        return row.toArray();
    }

    private static double percent(double ratio) {
        return 100 * (ratio - 1);
    }

    private static String text(double perplexity) {
        return String.format(Locale.ROOT, "%.3f", perplexity);
    }
}
