package io.longinfer.eval.accuracy;

import io.longinfer.eval.report.Table;
import io.longinfer.eval.statistics.Interval;
import io.longinfer.eval.statistics.PairedComparison;
import io.longinfer.eval.statistics.Range;
import io.longinfer.kvcache.tier.Link;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Scores of tasks by variant, for people, with 95 % intervals: Wilson's where all answers are right or wrong, Student's elsewhere.
 *
 * @param title what stands above the tasks
 * @param rows a task each, its results in the same order of variants
 */
public record ScoreTable(String title, List<List<TaskResult>> rows) {
    public ScoreTable {
        rows = List.copyOf(rows);
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("a table of scores has at least 1 task");
        }
    }

    @Override
    public String toString() {
        Table table = new Table();
        table.row(cells(title, column -> rows.getFirst().get(column).variant().label()));
        for (List<TaskResult> row : rows) {
            table.row(cells(
                    row.getFirst().task(),
                    column -> Range.ofScores(row.get(column).scores()).text(100)));
        }
        if (rows.size() > 1) {
            table.row(cells(
                    "mean of tasks", column -> ofTasks(row -> row.get(column).scores())));
        }
        String first = rows.getFirst().getFirst().variant().label();
        table.row(cells("above " + first, column -> column == 0 ? "" : ofTasks(row -> differences(row, column))));
        table.row(cells("p (Wilcoxon)", column -> column == 0 ? "" : wilcoxon(column)));
        table.row(cells(
                "a step, ms, median of tasks",
                column -> String.format(Locale.ROOT, "%.1f", medianNanos(column) / 1e6)));
        table.row(cells(
                "disk to host, KiB a step", column -> String.format(Locale.ROOT, "%.0f", diskBytes(column) / 1024)));
        return table.toString();
    }

    private Object[] cells(String name, IntFunction<String> cell) {
        List<Object> cells = new ArrayList<>(List.of(name));
        for (int column = 0; column < rows.getFirst().size(); column++) {
            cells.add(cell.apply(column));
        }
        return cells.toArray();
    }

    /** Each task weighs the same, however many samples it has. */
    private String ofTasks(Function<List<TaskResult>, double[]> samples) {
        return Interval.ofMeans(rows.stream().map(samples).toList()).text(100);
    }

    private static double[] differences(List<TaskResult> row, int column) {
        double[] scores = row.get(column).scores();
        double[] others = row.getFirst().scores();
        Arrays.setAll(scores, i -> scores[i] - others[i]);
        return scores;
    }

    private String wilcoxon(int column) {
        double p = PairedComparison.of(scores(column), scores(0)).wilcoxonP();
        return String.format(Locale.ROOT, "%.3f", p);
    }

    private double[] scores(int column) {
        return rows.stream()
                .flatMapToDouble(row -> Arrays.stream(row.get(column).scores()))
                .toArray();
    }

    private double medianNanos(int column) {
        double[] medians = rows.stream()
                .mapToDouble(row -> row.get(column).medianNanos())
                .filter(Double::isFinite)
                .toArray();
        return StatUtils.percentile(medians, 50);
    }

    private double diskBytes(int column) {
        return rows.stream()
                .mapToDouble(row -> row.get(column).bytesPerStep(Link.DISK_TO_HOST))
                .average()
                .orElse(0);
    }
}
