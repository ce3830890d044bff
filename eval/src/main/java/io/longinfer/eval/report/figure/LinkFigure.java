package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import io.longinfer.kvcache.tier.Link;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Bytes that a decoding step moves over a link. */
final class LinkFigure {
    private static final List<Column> COLUMNS = List.of(
            new Column("context", Unit.TOKENS),
            new Column("variant", Unit.TEXT),
            new Column("runs", Unit.COUNT),
            new Column("bytes a step", Unit.BYTES),
            new Column("least", Unit.BYTES),
            new Column("greatest", Unit.BYTES));

    private LinkFigure() {}

    /** A figure for each link that something moved over. */
    static List<Figure> of(Results results, Origin origin) {
        List<Figure> figures = new ArrayList<>();
        for (Link link : Link.values()) {
            String key = link.label() + " bytes a step";
            List<Result> used = origin.timed(results).stream()
                    .filter(result -> result.optional(key).isPresent())
                    .toList();
            Setting.timedPanels(used).forEach((setting, panel) -> {
                if (panel.stream().anyMatch(result -> result.number(key) > 0)) {
                    figures.add(new Figure(
                            origin.id("bytes", figures.size() + 1),
                            origin.title(
                                    "Bytes a decoding step, " + link.label().replace("->", " → ")),
                            setting,
                            "All sequences of the batch together. What comes from the disk crosses both links.",
                            COLUMNS,
                            rows(panel, key),
                            new Drawing.Bars(0, 1, 3, 4, 5, Double.NaN),
                            Sources.of(panel)));
                }
            });
        }
        return figures;
    }

    private static List<List<Object>> rows(List<Result> panel, String key) {
        List<List<Object>> rows = new ArrayList<>();
        Labels labels = new Labels(panel, Set.of());
        Setting.panels(panel, result -> "" + result.documentTokens())
                .forEach((tokens, some) -> labels.series(some).forEach((label, runs) -> {
                    Spread spread = Spread.of(
                            runs.stream().mapToDouble(run -> run.number(key)).toArray());
                    rows.add(List.of(
                            Double.valueOf(tokens),
                            label,
                            (double) runs.size(),
                            spread.median(),
                            spread.least(),
                            spread.greatest()));
                }));
        return rows;
    }
}
