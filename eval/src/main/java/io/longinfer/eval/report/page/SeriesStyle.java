package io.longinfer.eval.report.page;

import io.longinfer.eval.report.results.Results;
import java.util.List;
import java.util.Locale;

/**
 * How a series is told from others, without colour too: the variant gives the colour (of Okabe and Ito's palette, jfly.uni-koeln.de/color,
 * as the page's style sheet names them), the place among the figure's series gives dash and marker.
 *
 * @param colour class of the style sheet
 * @param dash of SVG's stroke-dasharray
 * @param marker index of its shape
 */
record SeriesStyle(String colour, String dash, int marker) {
    private static final List<String> DASHES = List.of("none", "6 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2 1 2");
    private static final int MARKERS = 5;

    /** Colours of the variants in the order of {@link Results#rank}: those that are often compared differ most. */
    private static final int[] COLOURS = {0, 1, 3, 6, 5, 2, 7, 4, 2, 3, 6, 1, 5, 7};

    private static final int OTHER = 7;

    /** Of a series by its label, which begins with the variant's name, and its place among the figure's series. */
    static SeriesStyle of(String label, int place) {
        int space = label.indexOf(' ');
        int rank = Results.rank(space < 0 ? label : label.substring(0, space));
        int colour = rank < COLOURS.length ? COLOURS[rank] : OTHER;
        return new SeriesStyle("c" + colour, DASHES.get(place % DASHES.size()), place % MARKERS);
    }

    /** Draws the marker around a point. */
    void mark(Markup svg, double x, double y) {
        String shape = switch (marker) {
            case 0 -> "M%1$.1f %2$.1fm-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z";
            case 1 -> "M%1$.1f %2$.1fm-3.6 -3.6h7.2v7.2h-7.2z";
            case 2 -> "M%1$.1f %2$.1fm0 -4.6l4.4 7.8h-8.8z";
            case 3 -> "M%1$.1f %2$.1fm0 -5l5 5l-5 5l-5 -5z";
            default -> "M%1$.1f %2$.1fm0 4.6l4.4 -7.8h-8.8z";
        };
        svg.open("path", "class", "mark " + colour, "d", String.format(Locale.ROOT, shape, x, y));
    }
}
