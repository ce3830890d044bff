package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** How many times faster a decoding step is than a baseline's. */
final class SpeedUpFigure {
    private static final List<Column> COLUMNS = List.of(
            new Column("context", Unit.TOKENS),
            new Column("variant", Unit.TEXT),
            new Column("pairs of runs", Unit.COUNT),
            new Column("speed-up", Unit.TIMES),
            new Column("least", Unit.TIMES),
            new Column("greatest", Unit.TIMES));

    private final Origin origin;
    private final String baseline;

    private SpeedUpFigure(Origin origin, String baseline) {
        this.origin = origin;
        this.baseline = baseline;
    }

    /** Against one baseline; empty without runs of it. */
    static List<Figure> of(Results results, Origin origin, String baseline) {
        return new SpeedUpFigure(origin, baseline).figures(origin.timed(results));
    }

    private List<Figure> figures(List<Result> timed) {
        List<Figure> figures = new ArrayList<>();
        Setting.panels(timed, Setting::ofTiming).forEach((setting, panel) -> {
            List<List<Object>> rows = rows(panel);
            if (!rows.isEmpty()) {
                figures.add(new Figure(
                        origin.id("speed-up-against-" + baseline, figures.size() + 1),
                        origin.title("Speed-up of a decoding step against " + baseline),
                        setting,
                        "Latency of " + baseline
                                + " divided by that of the variant, both under the same budgets, for each"
                                + " repetition; of several the median, whiskers from the least to the greatest. Longer is"
                                + " better; left of the line at 1 it is slower.",
                        COLUMNS,
                        rows,
                        new Drawing.Bars(0, 1, 3, 4, 5, 1),
                        Sources.of(panel)));
            }
        });
        return figures;
    }

    private List<List<Object>> rows(List<Result> panel) {
        List<List<Object>> rows = new ArrayList<>();
        Labels labels = new Labels(panel, Set.of());
        Setting.panels(panel, result -> "" + result.documentTokens()).forEach((tokens, runs) -> {
            List<Result> bases = runs.stream()
                    .filter(result -> result.variant().equals(baseline))
                    .toList();
            labels.series(runs).forEach((label, series) -> {
                double[] times = series.getFirst().variant().equals(baseline) ? new double[0] : times(series, bases);
                if (times.length > 0) {
                    Spread spread = Spread.of(times);
                    rows.add(List.of(
                            Double.valueOf(tokens),
                            label,
                            (double) times.length,
                            spread.median(),
                            spread.least(),
                            spread.greatest()));
                }
            });
        });
        return rows;
    }

    private double[] times(List<Result> series, List<Result> bases) {
        return series.stream()
                .flatMap(run ->
                        base(run, bases).stream().map(base -> base.number("medianMillis") / run.number("medianMillis")))
                .mapToDouble(Double::doubleValue)
                .toArray();
    }

    /** The baseline's run of the same repetition, and of the same ratio unless it has none. */
    private Optional<Result> base(Result run, List<Result> bases) {
        return bases.stream()
                .filter(base -> base.repetition() == run.repetition())
                .filter(base -> baseline.equals("full") || run.variant().equals("full") || base.ratio() == run.ratio())
                .findFirst();
    }
}
