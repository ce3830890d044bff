package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** A share of each layer, a line for each variant and length. */
final class LayerFigure {
    private final String name;
    private final String title;
    private final String note;
    private final String what;
    private final Function<Result, OptionalDouble> value;

    private LayerFigure(String name, String title, String note, String what, Function<Result, OptionalDouble> value) {
        this.name = name;
        this.title = title;
        this.note = note;
        this.what = what;
        this.value = value;
    }

    /** Deserts, of runs that looked for them. */
    static List<Figure> ofDeserts(Results results) {
        return new LayerFigure(
                        "deserts",
                        "Desert rate of layers",
                        "Share of a layer's chunks that lay in runs of chunks of little weight at the end of the prompt.",
                        "desert rate",
                        layer -> layer.optional("desertRate"))
                .figures(results.where(result -> !result.modelled()
                        && result.objects("layers").stream()
                                .anyMatch(layer -> layer.optional("desertRate").orElse(0) > 0)));
    }

    /** Recall, of runs that measured it. */
    static List<Figure> ofRecall(Results results) {
        return new LayerFigure(
                        "recall",
                        "Recall of attention by layer",
                        "Share of the true attention over closed chunks that lay on the selected ones. Higher is better."
                                + " Times of these runs include the measuring.",
                        "recall",
                        LayerFigure::recall)
                .figures(results.where(result -> !result.modelled()
                        && result.objects("layers").stream()
                                .anyMatch(layer -> recall(layer).isPresent())));
    }

    private static OptionalDouble recall(Result layer) {
        return layer.optional("recallSteps").orElse(0) > 0 ? layer.optional("recall") : OptionalDouble.empty();
    }

    private List<Figure> figures(List<Result> results) {
        List<Figure> figures = new ArrayList<>();
        Setting.panels(results, LayerFigure::setting)
                .forEach((setting, panel) -> figures.add(new Figure(
                        name + "-" + (figures.size() + 1),
                        title,
                        setting,
                        note + " Mean of the runs.",
                        List.of(
                                new Column("layer", Unit.COUNT),
                                new Column("variant", Unit.TEXT),
                                new Column("runs", Unit.COUNT),
                                new Column(what, Unit.SHARE),
                                new Column("least", Unit.SHARE),
                                new Column("greatest", Unit.SHARE)),
                        rows(panel),
                        new Drawing.Lines(0, 1, 3, 4, 5, ""),
                        Sources.of(panel))));
        return figures;
    }

    static String setting(Result result) {
        String of = result.kind().equals("latency") ? "" : " · " + result.kind();
        return Setting.ofLength(result) + of;
    }

    private List<List<Object>> rows(List<Result> panel) {
        List<List<Object>> rows = new ArrayList<>();
        new Labels(panel, Set.of()).series(panel).forEach((label, runs) -> {
            TreeMap<Double, List<Double>> layers = new TreeMap<>();
            for (Result run : runs) {
                for (Result layer : run.objects("layers")) {
                    value.apply(layer)
                            .ifPresent(share -> layers.computeIfAbsent(layer.number("layer"), key -> new ArrayList<>())
                                    .add(share));
                }
            }
            layers.forEach((layer, shares) -> {
                double[] values =
                        shares.stream().mapToDouble(Double::doubleValue).toArray();
                Spread spread = Spread.of(values);
                double mean = shares.stream()
                        .mapToDouble(Double::doubleValue)
                        .average()
                        .orElse(Double.NaN);
                rows.add(List.of(layer, label, (double) values.length, mean, spread.least(), spread.greatest()));
            });
        });
        return rows;
    }
}
