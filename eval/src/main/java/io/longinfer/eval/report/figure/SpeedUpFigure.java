package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import io.longinfer.eval.statistics.Bootstrap;
import io.longinfer.eval.statistics.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** How many times faster a decoding step is than a baseline's. */
final class SpeedUpFigure {
    private static final List<Column> COLUMNS = List.of(
            new Column("context", Unit.TOKENS),
            new Column("variant", Unit.TEXT),
            new Column("runs", Unit.COUNT),
            new Column("runs of the baseline", Unit.COUNT),
            new Column("speed-up", Unit.TIMES),
            new Column("95 % from", Unit.TIMES),
            new Column("to", Unit.TIMES));

    private static final int RESAMPLES = 2000;
    private static final long SEED = 42; // the same page of the same lines

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
        Setting.timedPanels(timed).forEach((setting, panel) -> {
            List<List<Object>> rows = rows(panel);
            if (!rows.isEmpty()) {
                figures.add(new Figure(
                        origin.id("speed-up-against-" + baseline, figures.size() + 1),
                        origin.title("Speed-up of a decoding step against " + baseline),
                        setting,
                        "Median latency of " + baseline
                                + " divided by that of the variant, both under the same budgets; whiskers are 95 %"
                                + " intervals by bootstrap, too narrow where there are few runs. Longer is better; left"
                                + " of the line at 1 it is slower.",
                        COLUMNS,
                        rows,
                        new Drawing.Bars(0, 1, 4, 5, 6, 1),
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
                double[] before = millis(bases.stream()
                        .filter(base -> comparable(base, series.getFirst()))
                        .toList());
                if (before.length > 0 && !series.getFirst().variant().equals(baseline)) {
                    double[] after = millis(series);
                    Range speedUp = Bootstrap.ofRatioOfMedians(before, after, RESAMPLES, SEED);
                    rows.add(List.of(
                            Double.valueOf(tokens),
                            label,
                            (double) after.length,
                            (double) before.length,
                            speedUp.estimate(),
                            speedUp.low(),
                            speedUp.high()));
                }
            });
        });
        return rows;
    }

    private static double[] millis(List<Result> runs) {
        return runs.stream().mapToDouble(run -> run.number("medianMillis")).toArray();
    }

    /** Whether the baseline's run is of the same ratio, unless either takes everything. */
    private boolean comparable(Result base, Result run) {
        return baseline.equals("full") || run.variant().equals("full") || base.ratio() == run.ratio();
    }
}
