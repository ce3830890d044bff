package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Sources;
import java.util.List;

/**
 * One figure: rows, how they are drawn, and where they come from. Drawing, table and files are all made from the rows.
 *
 * @param id unique in a report, fit for the name of a file
 * @param title what it shows; figures with the same title stand together
 * @param setting what all its runs had in common, such as the model
 * @param note how to read it
 * @param rows values, one a column: a text or a {@link Double}, NaN for none
 */
public record Figure(
        String id,
        String title,
        String setting,
        String note,
        List<Column> columns,
        List<List<Object>> rows,
        Drawing drawing,
        Sources sources) {
    /** A column of the table. */
    public record Column(String name, Unit unit) {
        /** The name with its unit unless the marks of an axis carry it. */
        public String axis() {
            return unit == Unit.MILLIS || unit == Unit.TOKENS ? head() : name;
        }

        /** The name with its unit. */
        public String head() {
            return unit.label().isEmpty() ? name : name + " (" + unit.label() + ")";
        }
    }

    public Figure {
        columns = List.copyOf(columns);
        rows = rows.stream().map(List::copyOf).toList();
        for (List<Object> row : rows) {
            if (row.size() != columns.size()) {
                throw new IllegalArgumentException(
                        id + ": a row of " + row.size() + " values found, " + columns.size() + " expected");
            }
        }
    }

    /** A number of a row. */
    public static double number(List<Object> row, int column) {
        return row.get(column) instanceof Double value ? value : Double.NaN;
    }

    /** A cell for people. */
    public String text(List<Object> row, int column) {
        return row.get(column) instanceof Double value
                ? columns.get(column).unit().format(value)
                : row.get(column).toString();
    }
}
