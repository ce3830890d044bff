package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Drawing;
import io.longinfer.eval.report.figure.Figure;
import io.longinfer.eval.report.figure.Unit;
import java.util.List;

/** Draws shares as colours. */
final class HeatDrawing {
    private static final double LEFT = 38;
    private static final double RIGHT = Canvas.WIDTH - 8;
    private static final double TOP = 22;
    private static final double MOST_HEIGHT = 320;
    private static final double MOST_ROW = 22;
    private static final double LETTERS = 13;
    private static final int SCALE_STEPS = 40;
    private static final double SCALE_LEFT = 120;

    private HeatDrawing() {}

    static void draw(Markup markup, Figure figure, Drawing.Heat drawing) {
        int bins = figure.columns().size() - 1;
        int layers = figure.rows().size();
        double row = Math.min(MOST_ROW, MOST_HEIGHT / layers);
        double bottom = TOP + row * layers;
        Canvas canvas = Canvas.open(markup, figure, bottom + 76);
        canvas.text("axis", "start", 2, 12, drawing.down());
        double cell = (RIGHT - LEFT) / bins;
        double free = Double.NEGATIVE_INFINITY;
        for (int layer = 0; layer < layers; layer++) {
            List<Object> values = figure.rows().get(layer);
            double y = TOP + row * layer;
            if (y >= free) {
                canvas.text("tick", "end", LEFT - 6, y + row / 2 + 4, figure.text(values, 0));
                free = y + LETTERS;
            }
            for (int bin = 0; bin < bins; bin++) {
                cell(canvas, Figure.number(values, bin + 1), LEFT + cell * bin, y, cell, row);
            }
        }
        canvas.text("tick", "start", LEFT, bottom + 15, "0 %");
        canvas.text("tick", "end", RIGHT, bottom + 15, "100 %");
        canvas.text("axis", "middle", (LEFT + RIGHT) / 2, bottom + 15, drawing.across());
        scale(canvas, bottom + 36);
        canvas.close();
    }

    private static void cell(Canvas canvas, double share, double x, double y, double width, double height) {
        canvas.markup()
                .open(
                        "rect",
                        "fill",
                        Cividis.colour(share),
                        "x",
                        Canvas.number(x),
                        "y",
                        Canvas.number(y),
                        "width",
                        Canvas.number(width + 0.2), // no seam between cells
                        "height",
                        Canvas.number(height + 0.2));
    }

    private static void scale(Canvas canvas, double y) {
        canvas.text("axis", "start", 2, y + 10, "share selected");
        double step = (RIGHT - SCALE_LEFT) / SCALE_STEPS;
        for (int index = 0; index < SCALE_STEPS; index++) {
            cell(canvas, index / (SCALE_STEPS - 1.0), SCALE_LEFT + step * index, y, step, 12);
        }
        for (int quarter = 0; quarter <= 4; quarter++) {
            double x = SCALE_LEFT + (RIGHT - SCALE_LEFT) * quarter / 4;
            String anchor = quarter == 4 ? "end" : quarter == 0 ? "start" : "middle";
            canvas.text("tick", anchor, x, y + 27, Unit.SHARE.tick(quarter / 4.0));
        }
    }
}
