package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.ResultException;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Where in the context each layer selects chunks; of the longest context of each model, as shorter ones look alike. */
final class HeatFigure {
    private HeatFigure() {}

    /** A map for each variant but full attention, which takes everything. */
    static List<Figure> of(Results results) {
        List<Result> used = results.where(result -> !result.modelled()
                && !result.list("heat").isEmpty()
                && !result.variant().equals("full"));
        Map<String, Long> longest = new LinkedHashMap<>();
        used.forEach(result -> longest.merge(group(result), result.documentTokens(), Math::max));
        List<Result> shown = used.stream()
                .filter(result -> result.documentTokens() == longest.get(group(result)))
                .toList();
        List<Figure> figures = new ArrayList<>();
        Setting.panels(shown, LayerFigure::setting)
                .forEach((setting, panel) -> new Labels(panel, Set.of())
                        .series(panel)
                        .forEach((label, runs) -> figures.add(figure(figures.size() + 1, setting, label, runs))));
        return figures;
    }

    private static String group(Result result) {
        return Setting.ofModel(result) + result.kind();
    }

    private static Figure figure(int number, String setting, String label, List<Result> runs) {
        List<List<Double>> shares = mean(runs);
        int bins = shares.getFirst().size();
        List<Column> columns = new ArrayList<>(List.of(new Column("layer", Unit.COUNT)));
        for (int bin = 0; bin < bins; bin++) {
            columns.add(new Column((bin + 1) + " of " + bins, Unit.SHARE));
        }
        List<List<Object>> rows = new ArrayList<>();
        for (int layer = 0; layer < shares.size(); layer++) {
            List<Object> row = new ArrayList<>(List.of((double) layer));
            row.addAll(shares.get(layer));
            rows.add(row);
        }
        return new Figure(
                "heat-" + number,
                "Where chunks are selected",
                label + " · " + setting,
                "Share of the chunks in each part of the context that a decoding step selected, from the oldest part on the"
                        + " left to the newest. Mean of the runs.",
                columns,
                rows,
                new Drawing.Heat("part of the context, oldest to newest", "layer"),
                Sources.of(runs));
    }

    /** [layers][bins], over the runs. */
    private static List<List<Double>> mean(List<Result> runs) {
        List<List<Double>> first = heat(runs.getFirst());
        List<List<Double>> mean = new ArrayList<>();
        for (int layer = 0; layer < first.size(); layer++) {
            List<Double> bins = new ArrayList<>();
            for (int bin = 0; bin < first.getFirst().size(); bin++) {
                bins.add(mean(runs, layer, bin));
            }
            mean.add(bins);
        }
        return mean;
    }

    private static double mean(List<Result> runs, int layer, int bin) {
        double sum = 0;
        int count = 0;
        for (Result run : runs) {
            List<List<Double>> heat = heat(run);
            if (layer >= heat.size() || bin >= heat.get(layer).size()) {
                throw new ResultException(
                        run.file(), run.line(), "'heat' has another shape than that of other runs of the same variant");
            }
            double share = heat.get(layer).get(bin);
            if (!Double.isNaN(share)) {
                sum += share;
                count++;
            }
        }
        return sum / count;
    }

    private static List<List<Double>> heat(Result result) {
        List<List<Double>> heat = new ArrayList<>();
        for (Object layer : result.list("heat")) {
            if (!(layer instanceof List<?> bins) || bins.isEmpty()) {
                throw new ResultException(result.file(), result.line(), "'heat' is no list of lists of shares");
            }
            List<Double> shares = new ArrayList<>();
            for (Object share : bins) {
                shares.add(share instanceof Number number ? number.doubleValue() : Double.NaN);
            }
            heat.add(shares);
        }
        return heat;
    }
}
