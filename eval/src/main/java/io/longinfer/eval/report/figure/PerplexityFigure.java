package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import io.longinfer.eval.statistics.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Perplexity of a text against that of full attention. */
final class PerplexityFigure {
    private static final List<Column> COLUMNS = List.of(
            new Column("context", Unit.TOKENS),
            new Column("variant", Unit.TEXT),
            new Column("tokens scored", Unit.COUNT),
            new Column("perplexity", Unit.PLAIN),
            new Column("above full", Unit.CHANGE),
            new Column("95 % from", Unit.CHANGE),
            new Column("to", Unit.CHANGE));

    private PerplexityFigure() {}

    /** A figure for each model; the change is drawn if full attention is among the lines, perplexity itself if not. */
    static List<Figure> of(Results results) {
        List<Figure> figures = new ArrayList<>();
        List<Result> used = results.where(result -> result.kind().equals("perplexity"));
        Setting.panels(used, Setting::ofModel).forEach((setting, panel) -> {
            boolean full = panel.stream().anyMatch(result -> result.variant().equals("full"));
            figures.add(new Figure(
                    "perplexity-" + (figures.size() + 1),
                    full ? "Perplexity against full attention" : "Perplexity",
                    setting,
                    full
                            ? "How much higher than with full attention over the same text; whiskers are 95 % intervals of"
                                    + " the differences token by token, where lines have those. Shorter is better."
                            : "There is no line of full attention to compare with. Shorter is better.",
                    COLUMNS,
                    rows(panel),
                    full ? new Drawing.Bars(0, 1, 4, 5, 6, 0) : new Drawing.Bars(0, 1, 3, 5, 6, Double.NaN),
                    Sources.of(panel)));
        });
        return figures;
    }

    private static List<List<Object>> rows(List<Result> panel) {
        List<List<Object>> rows = new ArrayList<>();
        Labels labels = new Labels(panel, Set.of());
        for (Result result : panel) {
            Optional<Result> full = panel.stream()
                    .filter(other -> other.variant().equals("full")
                            && other.documentTokens() == result.documentTokens()
                            && other.repetition() == result.repetition())
                    .findFirst();
            double change = full.map(base -> result.number("perplexity") / base.number("perplexity") - 1)
                    .orElse(Double.NaN);
            Interval above = full.filter(base -> !result.variant().equals("full"))
                    .map(base -> differences(result, base))
                    .orElse(Interval.of(new double[0]));
            rows.add(List.of(
                    (double) result.documentTokens(),
                    labels.of(result),
                    result.optional("nll.count").orElse(Double.NaN),
                    result.number("perplexity"),
                    change,
                    Math.expm1(above.low()),
                    Math.expm1(above.high())));
        }
        return rows;
    }

    private static Interval differences(Result result, Result full) {
        double[] own = nll(result);
        double[] others = nll(full);
        return own.length == others.length ? Interval.ofDifferences(own, others) : Interval.of(new double[0]);
    }

    private static double[] nll(Result result) {
        return result.numbers("nllByToken").stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
    }
}
