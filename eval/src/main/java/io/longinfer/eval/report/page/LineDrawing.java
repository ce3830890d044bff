package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Drawing;
import io.longinfer.eval.report.figure.Figure;
import io.longinfer.eval.report.figure.Unit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Draws lines with whiskers. */
final class LineDrawing {
    private static final double LEFT = 58;
    private static final double RIGHT = Canvas.WIDTH - 10;
    private static final double TOP = 26;
    private static final double BOTTOM = 226;
    private static final double LEGEND_ROW = 17;
    private static final double LEGEND_SAMPLE = 34;
    private static final double BESIDE = 4;
    private static final int MOST_BESIDE = 8;

    private final Figure figure;
    private final Drawing.Lines drawing;
    private final Map<String, List<List<Object>>> series;
    private final Scale across;
    private final Scale up;

    private LineDrawing(Figure figure, Drawing.Lines drawing) {
        this.figure = figure;
        this.drawing = drawing;
        series = figure.rows().stream()
                .collect(Collectors.groupingBy(
                        row -> row.get(drawing.series()).toString(), LinkedHashMap::new, Collectors.toList()));
        double[] x = values(drawing.x()).toArray();
        across = Scale.ofPoints(
                DoubleStream.of(x).min().orElse(0), DoubleStream.of(x).max().orElse(1), LEFT, RIGHT);
        double[] y = DoubleStream.concat(
                        values(drawing.y()), DoubleStream.concat(values(drawing.low()), values(drawing.high())))
                .toArray();
        boolean share = figure.columns().get(drawing.y()).unit() == Unit.SHARE;
        up = share
                ? new Scale(0, 1, BOTTOM, TOP, false, 1)
                : Scale.ofValues(
                        DoubleStream.of(y).min().orElse(0),
                        DoubleStream.of(y).max().orElse(1),
                        BOTTOM,
                        TOP,
                        1);
    }

    private DoubleStream values(int column) {
        return figure.rows().stream()
                .mapToDouble(row -> Figure.number(row, column))
                .filter(value -> !Double.isNaN(value));
    }

    static void draw(Markup markup, Figure figure, Drawing.Lines drawing) {
        new LineDrawing(figure, drawing).draw(markup);
    }

    private void draw(Markup markup) {
        List<String> names = List.copyOf(series.keySet());
        List<double[]> places = legendPlaces(names);
        double height = places.isEmpty() ? BOTTOM + 40 : places.getLast()[1] + 10;
        Canvas canvas = Canvas.open(markup, figure, height);
        axes(canvas);
        for (int place = 0; place < names.size(); place++) {
            SeriesStyle style = SeriesStyle.of(names.get(place), place);
            series(canvas, names.get(place), style, beside(place, names.size()));
            legend(canvas, names.get(place), style, places.get(place));
        }
        canvas.close();
    }

    private void axes(Canvas canvas) {
        Figure.Column y = figure.columns().get(drawing.y());
        Figure.Column x = figure.columns().get(drawing.x());
        for (double tick : up.ticks()) {
            canvas.line("grid", LEFT, up.at(tick), RIGHT, up.at(tick));
            canvas.text("tick", "end", LEFT - 6, up.at(tick) + 4, y.unit().tick(tick));
        }
        canvas.text("axis", "start", 2, 12, y.axis() + (up.logarithmic() ? ", logarithmic" : ""));
        double free = Double.NEGATIVE_INFINITY;
        for (double tick : new TreeSet<>(values(drawing.x()).boxed().toList())) {
            String text = x.unit().tick(tick);
            double half = Canvas.widthOf(text) / 2;
            canvas.line("axis-line", across.at(tick), BOTTOM, across.at(tick), BOTTOM + 4);
            if (across.at(tick) - half > free) {
                double at = Math.min(across.at(tick), Canvas.WIDTH - half);
                canvas.text("tick", "middle", at, BOTTOM + 17, text);
                free = at + half + 6;
            }
        }
        canvas.line("axis-line", LEFT, BOTTOM, RIGHT, BOTTOM);
        canvas.text(
                "axis",
                "middle",
                (LEFT + RIGHT) / 2,
                BOTTOM + 33,
                x.axis() + (across.logarithmic() ? ", logarithmic" : ""));
    }

    /** How far beside its place a series stands, so that whiskers do not hide each other; 0 where there are none. */
    private double beside(int place, int count) {
        boolean room = values(drawing.x()).distinct().count() <= MOST_BESIDE;
        return room && values(drawing.low()).findAny().isPresent() ? BESIDE * (place - (count - 1) / 2.0) : 0;
    }

    private void series(Canvas canvas, String name, SeriesStyle style, double beside) {
        List<List<Object>> rows = series.get(name).stream()
                .filter(row -> !Double.isNaN(Figure.number(row, drawing.y())))
                .toList();
        boolean level = name.equals(drawing.reference()) && rows.size() == 1;
        String points = level
                ? LEFT + "," + Canvas.number(y(rows.getFirst())) + " " + RIGHT + "," + Canvas.number(y(rows.getFirst()))
                : rows.stream()
                        .map(row -> Canvas.number(x(row) + beside) + "," + Canvas.number(y(row)))
                        .collect(Collectors.joining(" "));
        canvas.markup()
                .open(
                        "polyline",
                        "class",
                        "series " + style.colour(),
                        "stroke-dasharray",
                        style.dash(),
                        "points",
                        points);
        for (List<Object> row : rows) {
            double low = Figure.number(row, drawing.low());
            double high = Figure.number(row, drawing.high());
            canvas.whiskerDown(style.colour(), x(row) + beside, up.at(low), up.at(high));
            canvas.markup().open("g");
            canvas.markup().element("title", name + ", " + label(row, drawing.x()) + ": " + label(row, drawing.y()));
            style.mark(canvas.markup(), x(row) + beside, y(row));
            canvas.markup().close();
        }
    }

    private String label(List<Object> row, int column) {
        return figure.columns().get(column).head() + " " + figure.text(row, column);
    }

    private double x(List<Object> row) {
        return across.at(Figure.number(row, drawing.x()));
    }

    private double y(List<Object> row) {
        return up.at(Figure.number(row, drawing.y()));
    }

    private static List<double[]> legendPlaces(List<String> names) {
        List<double[]> places = new ArrayList<>();
        double x = LEFT;
        double y = BOTTOM + 56;
        for (String name : names) {
            double width = LEGEND_SAMPLE + Canvas.widthOf(name) + 14;
            if (x > LEFT && x + width > Canvas.WIDTH) {
                x = LEFT;
                y += LEGEND_ROW;
            }
            places.add(new double[] {x, y});
            x += width;
        }
        return places;
    }

    private static void legend(Canvas canvas, String name, SeriesStyle style, double[] place) {
        canvas.markup()
                .open(
                        "line",
                        "class",
                        "series " + style.colour(),
                        "stroke-dasharray",
                        style.dash(),
                        "x1",
                        Canvas.number(place[0]),
                        "y1",
                        Canvas.number(place[1] - 4),
                        "x2",
                        Canvas.number(place[0] + LEGEND_SAMPLE - 6),
                        "y2",
                        Canvas.number(place[1] - 4));
        style.mark(canvas.markup(), place[0] + (LEGEND_SAMPLE - 6) / 2, place[1] - 4);
        canvas.text("legend", "start", place[0] + LEGEND_SAMPLE, place[1], name);
    }
}
