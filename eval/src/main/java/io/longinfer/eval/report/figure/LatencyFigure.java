package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import io.longinfer.eval.statistics.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/** A time against the length of the context, a line for each variant. */
final class LatencyFigure {
    private static final List<Column> COLUMNS = List.of(
            new Column("context", Unit.TOKENS),
            new Column("variant", Unit.TEXT),
            new Column("runs", Unit.COUNT),
            new Column("median latency", Unit.MILLIS),
            new Column("least", Unit.MILLIS),
            new Column("greatest", Unit.MILLIS),
            new Column("mean", Unit.MILLIS),
            new Column("95 % half width", Unit.MILLIS));

    private final Origin origin;
    private final String name;
    private final String title;
    private final String key;

    private LatencyFigure(Origin origin, String name, String title, String key) {
        this.origin = origin;
        this.name = name;
        this.title = title;
        this.key = key;
    }

    /** Latency of a decoding step. */
    static List<Figure> ofSteps(Results results, Origin origin) {
        return new LatencyFigure(origin, "latency", "Latency of a decoding step", "medianMillis")
                .figures(origin.timed(results));
    }

    /** Time to the first token, of runs that read their prompt themselves. */
    static List<Figure> ofFirstTokens(Results results, Origin origin) {
        return new LatencyFigure(origin, "first-token", "Time to the first token", "timeToFirstTokenMillis")
                .figures(origin.timed(results));
    }

    private List<Figure> figures(List<Result> timed) {
        List<Result> used = timed.stream()
                .filter(result ->
                        key.equals("medianMillis") || result.optional(key).isPresent())
                .toList();
        List<Figure> figures = new ArrayList<>();
        SequencedMap<String, List<Result>> panels = Setting.timedPanels(used);
        panels.forEach((setting, panel) -> figures.add(new Figure(
                origin.id(name, figures.size() + 1),
                origin.title(title),
                setting,
                "Median of a run's steps; of several runs the median, whiskers from the least to the greatest. Lower is"
                        + " better.",
                COLUMNS,
                rows(panel),
                panel.stream().map(Result::documentTokens).distinct().count() > 1
                        ? new Drawing.Lines(0, 1, 3, 4, 5, "")
                        : new Drawing.Bars(0, 1, 3, 4, 5, Double.NaN), // no line has a single point
                Sources.of(panel))));
        return figures;
    }

    private List<List<Object>> rows(List<Result> panel) {
        List<List<Object>> rows = new ArrayList<>();
        Labels labels = new Labels(panel, Set.of());
        for (Map.Entry<String, List<Result>> length :
                Setting.panels(panel, result -> "" + result.documentTokens()).entrySet()) {
            labels.series(length.getValue()).forEach((label, runs) -> {
                double[] millis =
                        runs.stream().mapToDouble(run -> run.number(key)).toArray();
                Spread spread = Spread.of(millis);
                Interval interval = Interval.of(millis);
                rows.add(List.of(
                        Double.valueOf(length.getKey()),
                        label,
                        (double) millis.length,
                        spread.median(),
                        spread.least(),
                        spread.greatest(),
                        interval.mean(),
                        interval.halfWidth()));
            });
        }
        return rows;
    }
}
