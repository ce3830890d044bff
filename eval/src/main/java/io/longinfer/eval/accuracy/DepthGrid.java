package io.longinfer.eval.accuracy;

import io.longinfer.eval.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Mean scores of a task and a variant, in percent, by depth (rows) and length (columns), for people.
 *
 * @param cells of one task and variant
 */
public record DepthGrid(List<Cell> cells) {
    /**
     * A result of one depth and length.
     *
     * @param depth 0 (begin) to 1 (end)
     * @param tokens most tokens of prompt and answer
     */
    public record Cell(double depth, int tokens, TaskResult result) {}

    public DepthGrid {
        cells = List.copyOf(cells);
        if (cells.isEmpty()) {
            throw new IllegalArgumentException("a grid has at least 1 cell");
        }
    }

    /** Mean score of the cells that {@code chosen} takes; not a number if there is none. */
    private double mean(Predicate<Cell> chosen) {
        return cells.stream()
                .filter(chosen)
                .mapToDouble(cell -> cell.result().score())
                .average()
                .orElse(Double.NaN);
    }

    @Override
    public String toString() {
        SortedSet<Double> depths = new TreeSet<>(cells.stream().map(Cell::depth).toList());
        SortedSet<Integer> lengths =
                new TreeSet<>(cells.stream().map(Cell::tokens).toList());
        TaskResult any = cells.getFirst().result();
        Table table = new Table();
        List<Object> head =
                new ArrayList<>(List.of(any.task() + ", " + any.variant().label() + ", %"));
        lengths.forEach(length -> head.add(length + " tokens"));
        head.add("all");
        table.row(head.toArray());
        for (double depth : depths) {
            table.row(row(String.format(Locale.ROOT, "depth %.2f", depth), lengths, cell -> cell.depth() == depth));
        }
        table.row(row("all", lengths, cell -> true));
        return table.toString();
    }

    private Object[] row(String name, SortedSet<Integer> lengths, Predicate<Cell> chosen) {
        List<Object> row = new ArrayList<>(List.of(name));
        lengths.forEach(length -> row.add(text(mean(cell -> cell.tokens() == length && chosen.test(cell)))));
        row.add(text(mean(chosen)));
        return row.toArray();
    }

    private static String text(double score) {
        return Double.isNaN(score) ? "" : String.format(Locale.ROOT, "%.0f", 100 * score);
    }
}
