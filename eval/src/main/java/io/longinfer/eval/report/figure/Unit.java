package io.longinfer.eval.report.figure;

import io.longinfer.kvcache.ByteSize;
import java.util.Locale;

/** What a column's values are, and how people read them. */
public enum Unit {
    /** Words. */
    TEXT(""),
    /** Whole numbers. */
    COUNT(""),
    /** Tokens of context. */
    TOKENS("tokens"),
    /** Milliseconds. */
    MILLIS("ms"),
    /** Bytes. */
    BYTES("bytes"),
    /** 0 to 1, read as per cent. */
    SHARE("%"),
    /** A change, 0 being none, read as per cent with a sign. */
    CHANGE("%"),
    /** How many times. */
    TIMES("times"),
    /** Anything else. */
    PLAIN("");

    private final String label;

    Unit(String label) {
        this.label = label;
    }

    /** The unit as axes and table heads name it; may be empty. */
    public String label() {
        return label;
    }

    /** A value for people, with its unit where it is not plain from the column's head; a dash if it is not a number. */
    public String format(double value) {
        if (Double.isNaN(value)) {
            return "–";
        }
        return switch (this) {
            case COUNT, TOKENS -> String.format(Locale.ROOT, "%,d", (long) value);
            case BYTES -> ByteSize.format((long) value);
            case SHARE -> decimals(100 * value, 1) + " %";
            case CHANGE -> String.format(Locale.ROOT, "%+.2f %%", 100 * value).replace('-', '−');
            case TIMES -> significant(value) + "×";
            case TEXT, MILLIS, PLAIN -> significant(value);
        };
    }

    /** A value as an axis has it: short. */
    public String tick(double value) {
        return switch (this) {
            case SHARE -> plain(100 * value) + " %";
            case CHANGE -> (value > 0 ? "+" : "") + plain(100 * value).replace('-', '−') + " %";
            case TOKENS -> value >= 1000 ? plain(value / 1000) + "K" : plain(value);
            case BYTES -> ByteSize.format((long) value);
            case TIMES -> plain(value) + "×";
            case TEXT, COUNT, MILLIS, PLAIN -> plain(value);
        };
    }

    private static String plain(double value) {
        double rounded = Math.rint(value * 1e6) / 1e6;
        return rounded == Math.rint(rounded)
                ? String.format(Locale.ROOT, "%,d", (long) rounded)
                : String.format(Locale.ROOT, "%s", rounded);
    }

    private static String significant(double value) {
        double size = Math.abs(value);
        int decimals = 3;
        if (size >= 100) {
            decimals = 0;
        } else if (size >= 10) {
            decimals = 1;
        } else if (size >= 1) {
            decimals = 2;
        }
        return decimals(value, decimals);
    }

    private static String decimals(double value, int decimals) {
        return String.format(Locale.ROOT, "%,." + decimals + "f", value).replace('-', '−');
    }
}
