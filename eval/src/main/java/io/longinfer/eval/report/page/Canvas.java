package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Figure;
import java.util.Locale;

/** A drawing of fixed width that scales with the page: made narrow, so that its letters can be read on a phone. */
final class Canvas {
    /** Units of all drawings; letters are 12 of them high. */
    static final int WIDTH = 380;

    private static final double LETTER = 6.3;

    private final Markup markup;

    private Canvas(Markup markup) {
        this.markup = markup;
    }

    /** Opens a drawing that says what it shows. */
    static Canvas open(Markup markup, Figure figure, double height) {
        String id = figure.id() + "-title";
        markup.open(
                "svg",
                "viewBox",
                "0 0 " + WIDTH + " " + number(height),
                "role",
                "img",
                "aria-labelledby",
                id,
                "xmlns",
                "http://www.w3.org/2000/svg");
        markup.element(
                "title", figure.title() + ", " + figure.setting() + ". The table below has the values.", "id", id);
        return new Canvas(markup);
    }

    Markup markup() {
        return markup;
    }

    void close() {
        markup.close().line();
    }

    /** A line of a class of the style sheet. */
    void line(String style, double x1, double y1, double x2, double y2) {
        markup.open("line", "class", style, "x1", number(x1), "y1", number(y1), "x2", number(x2), "y2", number(y2));
    }

    /** A text; {@code anchor} is start, middle or end. */
    void text(String style, String anchor, double x, double y, String text) {
        markup.element("text", text, "class", style, "text-anchor", anchor, "x", number(x), "y", number(y));
    }

    /** A horizontal whisker, or none if an end is not a number. */
    void whiskerAcross(double from, double to, double y) {
        if (!Double.isNaN(from) && !Double.isNaN(to)) {
            line("whisker", from, y, to, y);
            line("whisker", from, y - 3, from, y + 3);
            line("whisker", to, y - 3, to, y + 3);
        }
    }

    /** A vertical whisker, or none if an end is not a number. */
    void whiskerDown(String colour, double x, double from, double to) {
        if (!Double.isNaN(from) && !Double.isNaN(to)) {
            line("whisker " + colour, x, from, x, to);
            line("whisker " + colour, x - 3, from, x + 3, from);
            line("whisker " + colour, x - 3, to, x + 3, to);
        }
    }

    /** About how wide a text is. */
    static double widthOf(String text) {
        return text.length() * LETTER;
    }

    /** A coordinate in few digits. */
    static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
    }
}
