package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Writes the rows of figures as CSV (RFC 4180), a file for each figure, numbers in full. */
public final class CsvFiles {
    private CsvFiles() {}

    /** Writes into a folder, which is made if it is missing. */
    public static void write(Path folder, List<Figure> figures) throws IOException {
        Files.createDirectories(folder);
        for (Figure figure : figures) {
            Files.writeString(folder.resolve(figure.id() + ".csv"), of(figure));
        }
    }

    /** One figure: a line of names, then the rows; a value that there is not is empty. Shares are from 0 to 1. */
    static String of(Figure figure) {
        StringBuilder csv = new StringBuilder();
        csv.append(figure.columns().stream().map(column -> quoted(name(column))).collect(Collectors.joining(",")))
                .append("\r\n");
        for (List<Object> row : figure.rows()) {
            csv.append(row.stream().map(CsvFiles::cell).collect(Collectors.joining(",")))
                    .append("\r\n");
        }
        return csv.toString();
    }

    private static String name(Figure.Column column) {
        return switch (column.unit()) {
            case MILLIS -> column.head();
            case BYTES, TEXT, COUNT, TOKENS, SHARE, CHANGE, TIMES, PLAIN -> column.name();
        };
    }

    private static String cell(Object value) {
        if (!(value instanceof Double number)) {
            return quoted(value.toString());
        }
        if (Double.isNaN(number)) {
            return "";
        }
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString(number.longValue())
                : number.toString();
    }

    private static String quoted(String text) {
        boolean plain =
                text.chars().noneMatch(letter -> letter == '"' || letter == ',' || letter == '\r' || letter == '\n');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
