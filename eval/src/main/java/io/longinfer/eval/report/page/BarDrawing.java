package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Drawing;
import io.longinfer.eval.report.figure.Figure;
import io.longinfer.eval.report.figure.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjDoubleConsumer;
import java.util.stream.DoubleStream;

/** Draws horizontal bars in groups. */
final class BarDrawing {
    private static final double ROW = 22;
    private static final double BAR = 13;
    private static final double TOP = 8;
    private static final double RIGHT_ROOM = 66;
    private static final double LEAST_LEFT = 60;
    private static final double MOST_LEFT = 150;

    private final Figure figure;
    private final Drawing.Bars drawing;
    private final List<String> names;
    private final double left;
    private final Scale scale;

    private BarDrawing(Figure figure, Drawing.Bars drawing) {
        this.figure = figure;
        this.drawing = drawing;
        names = figure.rows().stream()
                .map(row -> row.get(drawing.series()).toString())
                .distinct()
                .toList();
        left = Math.clamp(names.stream().mapToDouble(Canvas::widthOf).max().orElse(0) + 10, LEAST_LEFT, MOST_LEFT);
        double[] values = figure.rows().stream()
                .flatMapToDouble(row -> DoubleStream.of(
                        Figure.number(row, drawing.value()),
                        Figure.number(row, drawing.low()),
                        Figure.number(row, drawing.high())))
                .filter(value -> !Double.isNaN(value))
                .toArray();
        double greatest =
                Math.max(DoubleStream.of(values).max().orElse(1), Double.isNaN(drawing.mark()) ? 0 : drawing.mark());
        double least = Math.min(0, DoubleStream.of(values).min().orElse(0));
        scale = Scale.ofLengths(least, greatest, left, Canvas.WIDTH - RIGHT_ROOM, unit(greatest));
    }

    /** Bytes are round in powers of 1024. */
    private double unit(double greatest) {
        return figure.columns().get(drawing.value()).unit() == Unit.BYTES && greatest >= 1
                ? Math.pow(1024, Math.floor(Math.log(greatest) / Math.log(1024)))
                : 1;
    }

    static void draw(Markup markup, Figure figure, Drawing.Bars drawing) {
        new BarDrawing(figure, drawing).draw(markup);
    }

    private void draw(Markup markup) {
        List<Object> groups = new ArrayList<>();
        figure.rows().stream().map(row -> row.get(drawing.group())).distinct().forEach(groups::add);
        double bottom = TOP + ROW * (groups.size() + figure.rows().size()) + 4;
        Canvas canvas = Canvas.open(markup, figure, bottom + 40);
        axis(canvas, bottom);
        List<List<Object>> sorted = new ArrayList<>();
        groups.forEach(group -> figure.rows().stream()
                .filter(row -> row.get(drawing.group()).equals(group))
                .forEach(sorted::add));
        draw(sorted, (row, y) -> bar(canvas, row, y), (row, y) -> {});
        canvas.line("axis-line", scale.at(0), TOP + ROW, scale.at(0), bottom);
        if (!Double.isNaN(drawing.mark()) && drawing.mark() != 0) {
            canvas.line("reference", scale.at(drawing.mark()), TOP + ROW, scale.at(drawing.mark()), bottom);
        }
        draw(
                sorted,
                (row, y) -> labels(canvas, row, y),
                (row, y) -> canvas.text("group", "start", 2, y + 15, group(row)));
        canvas.close();
    }

    /** Draws rows and heads of groups, each at its height. */
    private void draw(
            List<List<Object>> sorted, ObjDoubleConsumer<List<Object>> row, ObjDoubleConsumer<List<Object>> head) {
        double y = TOP;
        Object group = "";
        for (List<Object> values : sorted) {
            if (!values.get(drawing.group()).equals(group)) {
                group = values.get(drawing.group());
                head.accept(values, y);
                y += ROW;
            }
            row.accept(values, y);
            y += ROW;
        }
    }

    private void labels(Canvas canvas, List<Object> row, double y) {
        canvas.text(
                "legend",
                "end",
                left - 6,
                y + 14,
                shortened(row.get(drawing.series()).toString()));
        canvas.text("value", "end", Canvas.WIDTH - 2, y + 15, figure.text(row, drawing.value()));
    }

    private String group(List<Object> row) {
        Figure.Column column = figure.columns().get(drawing.group());
        return figure.text(row, drawing.group()) + " " + column.unit().label();
    }

    private void axis(Canvas canvas, double bottom) {
        Figure.Column value = figure.columns().get(drawing.value());
        double free = Double.NEGATIVE_INFINITY;
        for (double tick : scale.ticks()) {
            double x = scale.at(tick);
            canvas.line("grid", x, TOP + ROW, x, bottom);
            String text = value.unit().tick(tick);
            double half = Canvas.widthOf(text) / 2;
            if (x - half > free) {
                canvas.text("tick", "middle", x, bottom + 15, text);
                free = x + half + 6;
            }
        }
        canvas.text("axis", "middle", (left + Canvas.WIDTH - RIGHT_ROOM) / 2, bottom + 33, value.axis());
    }

    private void bar(Canvas canvas, List<Object> row, double y) {
        String name = row.get(drawing.series()).toString();
        double value = Figure.number(row, drawing.value());
        if (Double.isNaN(value)) {
            return;
        }
        SeriesStyle style = SeriesStyle.of(name, names.indexOf(name));
        double from = Math.min(scale.at(0), scale.at(value));
        double to = Math.max(scale.at(0), scale.at(value));
        canvas.markup()
                .open("g")
                .element("title", name + ": " + figure.text(row, drawing.value()))
                .open(
                        "rect",
                        "class",
                        "bar " + style.colour(),
                        "x",
                        Canvas.number(from),
                        "y",
                        Canvas.number(y + (ROW - BAR) / 2),
                        "width",
                        Canvas.number(Math.max(to - from, 0.5)),
                        "height",
                        Canvas.number(BAR))
                .close();
        double low = scale.at(Figure.number(row, drawing.low()));
        double high = scale.at(Figure.number(row, drawing.high()));
        canvas.whiskerAcross(low, high, y + ROW / 2);
    }

    private String shortened(String name) {
        int letters = (int) ((left - 8) / Canvas.widthOf("x"));
        return name.length() <= letters ? name : name.substring(0, letters - 1) + "…";
    }
}
