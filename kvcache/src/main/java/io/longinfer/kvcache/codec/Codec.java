package io.longinfer.kvcache.codec;

import java.util.Locale;
import java.util.Objects;

/**
 * How a chunk is written: its precision, and whether lz4 goes over it. Its name is {@code fp16}, {@code int8} or {@code int4},
 * with {@code +lz4} behind it where that is so.
 *
 * @param lz4 whether parts of a record are compressed where that makes them smaller
 */
public record Codec(Precision precision, boolean lz4) {
    private static final String LZ4_SUFFIX = "+lz4";

    public Codec {
        Objects.requireNonNull(precision);
    }

    /**
     * The codec of this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Codec parse(String name) {
        for (Precision precision : Precision.values()) {
            for (boolean lz4 : new boolean[] {false, true}) {
                Codec codec = new Codec(precision, lz4);
                if (codec.toString().equals(name)) {
                    return codec;
                }
            }
        }
        throw new IllegalArgumentException(
                "a codec is fp16, int8 or int4, with or without " + LZ4_SUFFIX + ", not '" + name + "'");
    }

    @Override
    public String toString() {
        return precision.name().toLowerCase(Locale.ROOT) + (lz4 ? LZ4_SUFFIX : "");
    }
}
