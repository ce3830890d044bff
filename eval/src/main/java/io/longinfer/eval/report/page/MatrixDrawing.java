package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Drawing;
import io.longinfer.eval.report.figure.Figure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lays values out as a table of rows against columns. */
final class MatrixDrawing {
    private MatrixDrawing() {}

    static void draw(Markup markup, Figure figure, Drawing.Matrix drawing) {
        List<String> columns = figure.rows().stream()
                .map(row -> figure.text(row, drawing.column()))
                .distinct()
                .toList();
        Map<String, Map<String, String>> cells = new LinkedHashMap<>();
        for (List<Object> row : figure.rows()) {
            cells.computeIfAbsent(figure.text(row, drawing.row()), key -> new LinkedHashMap<>())
                    .put(figure.text(row, drawing.column()), cell(figure, row, drawing));
        }
        HtmlTable.openBox(markup, figure.title());
        markup.open("table").open("thead").open("tr");
        markup.element("th", figure.columns().get(drawing.row()).name(), "scope", "col");
        columns.forEach(column -> markup.element("th", column, "scope", "col", "class", "number"));
        markup.close().close().open("tbody");
        cells.forEach((name, values) -> {
            markup.open("tr").element("th", name, "scope", "row");
            columns.forEach(column -> markup.element("td", values.getOrDefault(column, "–"), "class", "number"));
            markup.close();
        });
        markup.close().close().close().line();
    }

    private static String cell(Figure figure, List<Object> row, Drawing.Matrix drawing) {
        double half = (Figure.number(row, drawing.high()) - Figure.number(row, drawing.low())) / 2;
        String value = figure.text(row, drawing.value());
        return Double.isNaN(half)
                ? value
                : value + " ± " + figure.columns().get(drawing.value()).unit().format(half);
    }
}
