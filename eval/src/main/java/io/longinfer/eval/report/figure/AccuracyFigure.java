package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.eval.report.results.Sources;
import io.longinfer.eval.statistics.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scores on tasks: their mean against the budget, and each task by itself. */
final class AccuracyFigure {
    private static final Column SAMPLES = new Column("samples", Unit.COUNT);
    private static final Column SCORE = new Column("score", Unit.SHARE);
    private static final Column LOW = new Column("95 % from", Unit.SHARE);
    private static final Column HIGH = new Column("to", Unit.SHARE);
    private static final Column VARIANT = new Column("variant", Unit.TEXT);

    private static final String INTERVALS =
            "95 % intervals of independent samples (Wilson's where all are right or wrong, Student's t elsewhere)";

    private AccuracyFigure() {}

    /** Mean score against the share of the chunks that is selected. */
    static List<Figure> againstRatio(Results results) {
        List<Figure> figures = new ArrayList<>();
        panels(results).forEach((setting, panel) -> {
            Labels labels = new Labels(panel, Set.of(Labels.RATIO));
            Set<String> tasks = commonTasks(panel);
            if (!tasks.isEmpty()) {
                figures.add(new Figure(
                        "accuracy-" + (figures.size() + 1),
                        "Accuracy against budget",
                        setting,
                        "Mean over " + String.join(", ", tasks) + ", each weighing the same; whiskers are " + INTERVALS
                                + ". Full attention is the level line.",
                        List.of(new Column("ratio", Unit.SHARE), VARIANT, SAMPLES, SCORE, LOW, HIGH),
                        againstRatio(panel, labels, tasks),
                        new Drawing.Lines(0, 1, 3, 4, 5, "full"),
                        Sources.of(panel)));
            }
        });
        return figures;
    }

    private static Map<String, List<Result>> panels(Results results) {
        return Setting.panels(
                results.where(result -> Set.of("accuracy", "choice").contains(result.kind())),
                result -> Setting.ofLength(result) + (result.kind().equals("choice") ? " · multiple choice" : ""));
    }

    /** Tasks that every variant did at every ratio. */
    private static Set<String> commonTasks(List<Result> panel) {
        return new TaskScores(panel, new Labels(panel, Set.of())).commonTasks();
    }

    private static List<List<Object>> againstRatio(List<Result> panel, Labels labels, Set<String> tasks) {
        Map<Double, List<Result>> ratios = new LinkedHashMap<>();
        panel.stream()
                .filter(result -> tasks.contains(result.required("task")))
                .forEach(result -> ratios.computeIfAbsent(result.ratio(), key -> new ArrayList<>())
                        .add(result));
        List<List<Object>> rows = new ArrayList<>();
        ratios.forEach((ratio, some) -> {
            TaskScores scores = new TaskScores(some, labels);
            for (String series : scores.series()) {
                rows.add(row(ratio, series, scores.samples(series), scores.mean(series)));
            }
        });
        return rows;
    }

    private static List<Object> row(Object first, String series, int samples, Range range) {
        return List.of(first, series, (double) samples, range.estimate(), range.low(), range.high());
    }

    /** Every task and variant. */
    static List<Figure> ofTasks(Results results) {
        List<Figure> figures = new ArrayList<>();
        panels(results).forEach((setting, panel) -> {
            TaskScores scores = new TaskScores(panel, new Labels(panel, Set.of()));
            figures.add(new Figure(
                    "tasks-" + (figures.size() + 1),
                    "Accuracy of tasks",
                    setting,
                    "Score and below it " + INTERVALS + ". The mean is over the tasks that every variant did"
                            + (scores.commonTasks().equals(scores.tasks())
                                    ? "."
                                    : ": " + String.join(", ", scores.commonTasks()) + "."),
                    List.of(new Column("task", Unit.TEXT), VARIANT, SAMPLES, SCORE, LOW, HIGH),
                    ofTasks(scores),
                    new Drawing.Matrix(0, 1, 3, 4, 5),
                    Sources.of(panel)));
        });
        return figures;
    }

    private static List<List<Object>> ofTasks(TaskScores scores) {
        List<List<Object>> rows = new ArrayList<>();
        for (String task : scores.tasks()) {
            for (String series : scores.series()) {
                double[] samples = scores.of(series, task);
                if (samples.length > 0) {
                    rows.add(row(task, series, samples.length, Range.ofScores(samples)));
                }
            }
        }
        if (!scores.commonTasks().isEmpty()) {
            for (String series : scores.series()) {
                rows.add(row("mean", series, scores.samples(series), scores.mean(series)));
            }
        }
        return rows;
    }
}
