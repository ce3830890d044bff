package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Figure;
import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.figure.Unit;
import io.longinfer.eval.report.results.Sources;
import java.util.List;

/** Tables of a page. Each scrolls in a box of its own, so that the page never does. */
final class HtmlTable {
    private HtmlTable() {}

    /** Opens a box that a keyboard can scroll. */
    static void openBox(Markup markup, String label) {
        markup.open("div", "class", "box", "tabindex", "0", "role", "region", "aria-label", label);
    }

    /** The rows of a figure. */
    static void ofFigure(Markup markup, Figure figure) {
        openBox(markup, "Data of: " + figure.title());
        markup.open("table").open("thead").open("tr");
        for (Column column : figure.columns()) {
            markup.element("th", column.name(), "scope", "col", "class", style(column.unit()));
        }
        markup.close().close().line().open("tbody");
        for (List<Object> row : figure.rows()) {
            markup.open("tr");
            for (int column = 0; column < row.size(); column++) {
                String text = figure.text(row, column)
                        + suffix(figure.columns().get(column).unit());
                if (column == 0) {
                    markup.element("th", text, "scope", "row");
                } else {
                    markup.element(
                            "td",
                            text,
                            "class",
                            style(figure.columns().get(column).unit()));
                }
            }
            markup.close().line();
        }
        markup.close().close().close().line();
    }

    private static String style(Unit unit) {
        return unit == Unit.TEXT ? "text" : "number";
    }

    private static String suffix(Unit unit) {
        return unit == Unit.MILLIS ? " ms" : "";
    }

    /** How the figure's lines were made. */
    static void ofSources(Markup markup, Figure figure) {
        openBox(markup, "How this was made: " + figure.title());
        markup.open("table", "class", "sources").open("thead").open("tr");
        for (String head : List.of("command", "file", "lines", "commit", "processor", "computed on", "JVM")) {
            markup.element("th", head, "scope", "col");
        }
        markup.close().close().open("tbody");
        for (Sources.Run run : figure.sources().runs()) {
            markup.open("tr").open("td").element("code", run.command()).close();
            markup.element("td", run.file());
            markup.element("td", Integer.toString(run.lines()), "class", "number");
            markup.open("td").element("code", run.commit()).close();
            markup.element("td", run.processor());
            markup.element("td", run.device());
            markup.element("td", run.jvm()).close();
        }
        markup.close().close().close().line();
    }
}
