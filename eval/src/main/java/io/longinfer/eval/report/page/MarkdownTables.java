package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Figure;
import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.figure.Unit;
import io.longinfer.eval.report.results.Sources;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Figures as tables of Markdown, with the commands that made them. */
public final class MarkdownTables {
    private MarkdownTables() {}

    /** All figures, one behind the other. */
    public static String of(List<Figure> figures) {
        StringBuilder text = new StringBuilder();
        String title = "";
        for (Figure figure : figures) {
            if (!figure.title().equals(title)) {
                title = figure.title();
                text.append("## ")
                        .append(plain(title))
                        .append("\n\n")
                        .append(plain(figure.note()))
                        .append("\n\n");
            }
            figure(text, figure);
        }
        return text.toString();
    }

    private static void figure(StringBuilder text, Figure figure) {
        text.append("### ").append(plain(figure.setting())).append("\n\n");
        row(text, figure.columns().stream().map(MarkdownTables::head).toList());
        row(
                text,
                figure.columns().stream()
                        .map(column -> column.unit() == Unit.TEXT ? ":--" : "--:")
                        .toList());
        for (List<Object> row : figure.rows()) {
            row(
                    text,
                    IntStream.range(0, row.size())
                            .mapToObj(column -> plain(figure.text(row, column)))
                            .toList());
        }
        text.append('\n');
        figure.sources()
                .warnings()
                .forEach(warning -> text.append("**").append(plain(warning)).append("**\n\n"));
        for (Sources.Run run : figure.sources().runs()) {
            text.append("- ").append(plain(run.command()));
            text.append("; commit ").append(plain(run.commit())).append("; ").append(plain(run.processor()));
            text.append("; ")
                    .append(plain(run.jvm()))
                    .append("; ")
                    .append(run.lines())
                    .append(" lines of ");
            text.append(plain(run.file())).append('\n');
        }
        text.append('\n');
    }

    private static String head(Column column) {
        return plain(column.unit() == Unit.MILLIS ? column.head() : column.name());
    }

    private static void row(StringBuilder text, List<String> cells) {
        text.append(cells.stream().collect(Collectors.joining(" | ", "| ", " |\n")));
    }

    /** Without anything that Markdown or the HTML in it would take for more than text. */
    private static String plain(String text) {
        return text.replaceAll("\\s+", " ")
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replaceAll("([\\\\`*_\\[\\]|])", "\\\\$1");
    }
}
