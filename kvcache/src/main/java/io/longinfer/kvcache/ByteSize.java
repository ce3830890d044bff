package io.longinfer.kvcache;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes as people write them: {@code "64MiB"}, {@code "1.5GiB"}, {@code "4096"}, {@code "0"}, {@code "unlimited"}. */
public final class ByteSize {
    /** No limit. */
    public static final long UNLIMITED = Long.MAX_VALUE;

    private static final Pattern FORM = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([a-z]*)");
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB"};

    private ByteSize() {}

    /**
     * Reads a number of bytes; a fraction of a byte is rounded up.
     *
     * @throws IllegalArgumentException if {@code text} is no size, with what would be one
     */
    public static long parse(String text) {
        String form = text.strip().toLowerCase(Locale.ROOT);
        if (form.equals("unlimited")) {
            return UNLIMITED;
        }
        Matcher matcher = FORM.matcher(form);
        if (!matcher.matches()) {
            throw notASize(text);
        }
        BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit(matcher.group(2), text)));
        try {
            return bytes.setScale(0, RoundingMode.CEILING).longValueExact();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is more than 8EiB; write 'unlimited' for no limit", e);
        }
    }

    private static long unit(String name, String text) {
        return switch (name) {
            case "", "b" -> 1L;
            case "kib" -> 1L << 10;
            case "mib" -> 1L << 20;
            case "gib" -> 1L << 30;
            case "tib" -> 1L << 40;
            case "kb" -> 1_000L;
            case "mb" -> 1_000_000L;
            case "gb" -> 1_000_000_000L;
            case "tb" -> 1_000_000_000_000L;
            default -> throw notASize(text);
        };
    }

    private static IllegalArgumentException notASize(String text) {
        return new IllegalArgumentException(
                "'" + text
                        + "' is not a number of bytes: expected a number and a unit such as 64MiB, 1.5GiB, 500MB, 4096, 0, or 'unlimited'");
    }

    /** For people: at most one decimal, {@code "1.5GiB"}. */
    public static String format(long bytes) {
        if (bytes == UNLIMITED) {
            return "unlimited";
        }
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < BINARY.length - 1) {
            value /= 1024;
            unit++;
        }
        String number = String.format(Locale.ROOT, "%.1f", value);
        return (number.endsWith(".0") ? number.substring(0, number.length() - 2) : number) + BINARY[unit];
    }

    /** For options: exactly {@code bytes}, in the largest unit that divides them; {@link #parse} gives the same number back. */
    public static String exact(long bytes) {
        if (bytes == UNLIMITED) {
            return "unlimited";
        }
        int unit = 0;
        long value = bytes;
        while (value > 0 && value % 1024 == 0 && unit < BINARY.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? Long.toString(value) : value + BINARY[unit];
    }
}
