package io.longinfer.eval.report.figure;

/** How a figure's rows are drawn: which column (counted from 0) is what. */
public sealed interface Drawing {
    /**
     * A line for each series, with a whisker from {@code low} to {@code high} where those are numbers.
     *
     * @param reference a series with one point, drawn as a level line through the whole figure; empty for none
     */
    record Lines(int x, int series, int y, int low, int high, String reference) implements Drawing {}

    /**
     * Horizontal bars, those of one group together.
     *
     * @param mark value at which a line stands; NaN for none
     */
    record Bars(int group, int series, int value, int low, int high, double mark) implements Drawing {}

    /** A map of colours from 0 to 1: a line for each row, named by its first column, a cell for each further column. */
    record Heat(String across, String down) implements Drawing {}

    /** A table of {@code value} with its 95 % interval, rows against columns. */
    record Matrix(int row, int column, int value, int low, int high) implements Drawing {}
}
