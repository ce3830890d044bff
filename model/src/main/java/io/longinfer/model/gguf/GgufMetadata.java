package io.longinfer.model.gguf;

import java.lang.reflect.Array;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What a GGUF file says about its model: values by key. The typed accessors convert between widths where nothing is lost,
 * and otherwise name the file, the key, the type found and the type expected. Immutable, safe for any thread.
 */
public final class GgufMetadata {
    /** A value and where it stands in the file. */
    record Entry(Object value, long offset) {}

    private final Path file;
    private final Map<String, Entry> entries;

    GgufMetadata(Path file, Map<String, Entry> entries) {
        this.file = file;
        this.entries = new LinkedHashMap<>(entries);
    }

    /** The keys, in the file's order. */
    public Set<String> keys() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    /** Whether the file has that key. */
    public boolean contains(String key) {
        return entries.containsKey(key);
    }

    /**
     * The value itself: {@code Long}, {@code BigInteger} (a u64 from 2^63 on), {@code Float}, {@code Double}, {@code Boolean},
     * {@code String}, or an array of them as {@code int[]}, {@code long[]}, {@code float[]}, {@code double[]}, {@code
     * boolean[]}, {@code String[]}, {@code BigInteger[]}, {@code Object[]} (arrays of arrays). Not to be changed.
     */
    public Object value(String key) throws ModelFormatException {
        return entry(key).value;
    }

    /** Byte offset of the value in the file, or {@link ModelFormatException#NO_OFFSET} if there is none. */
    public long offset(String key) {
        Entry entry = entries.get(key);
        return entry == null ? ModelFormatException.NO_OFFSET : entry.offset;
    }

    /** An error about that key's value. */
    public ModelFormatException error(String key, Object value, String expectation) {
        return new ModelFormatException(file, offset(key), key, value, expectation);
    }

    /** A text. */
    public String string(String key) throws ModelFormatException {
        if (value(key) instanceof String text) {
            return text;
        }
        throw wrongType(key, "a text");
    }

    /** A text, if the key is there. */
    public Optional<String> stringIf(String key) throws ModelFormatException {
        return contains(key) ? Optional.of(string(key)) : Optional.empty();
    }

    /** An integer of any width. */
    public long integer(String key) throws ModelFormatException {
        if (value(key) instanceof Long number) {
            return number;
        }
        throw wrongType(key, "an integer below 2^63");
    }

    /** An integer of any width, if the key is there. */
    public OptionalLong integerIf(String key) throws ModelFormatException {
        return contains(key) ? OptionalLong.of(integer(key)) : OptionalLong.empty();
    }

    /** A number. */
    public double real(String key) throws ModelFormatException {
        if (value(key) instanceof Number number) {
            return number.doubleValue();
        }
        throw wrongType(key, "a number");
    }

    /** A number, if the key is there. */
    public OptionalDouble realIf(String key) throws ModelFormatException {
        return contains(key) ? OptionalDouble.of(real(key)) : OptionalDouble.empty();
    }

    /** A boolean, or {@code fallback} if the key is not there. */
    public boolean flag(String key, boolean fallback) throws ModelFormatException {
        if (!contains(key)) {
            return fallback;
        }
        if (value(key) instanceof Boolean flag) {
            return flag;
        }
        throw wrongType(key, "a boolean");
    }

    /** An array of texts. */
    public String[] strings(String key) throws ModelFormatException {
        if (value(key) instanceof String[] texts) {
            return texts.clone();
        }
        throw wrongType(key, "an array of texts");
    }

    /** An array of integers, each within 32 bits. */
    public int[] ints(String key) throws ModelFormatException {
        Object value = value(key);
        if (value instanceof int[] numbers) {
            return numbers.clone();
        }
        if (!(value instanceof long[] numbers)) {
            throw wrongType(key, "an array of integers");
        }
        int[] narrow = new int[numbers.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (int) numbers[i];
            if (narrow[i] != numbers[i]) {
                throw error(key + "[" + i + "]", key, numbers[i], "an integer within 32 bits");
            }
        }
        return narrow;
    }

    /** An array of numbers, as floats. */
    public float[] floats(String key) throws ModelFormatException {
        Object value = value(key);
        if (value instanceof float[] numbers) {
            return numbers.clone();
        }
        if (!(value instanceof double[] numbers)) {
            throw wrongType(key, "an array of floating-point numbers");
        }
        float[] narrow = new float[numbers.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) numbers[i];
        }
        return narrow;
    }

    private Entry entry(String key) throws ModelFormatException {
        Entry entry = entries.get(key);
        if (entry == null) {
            throw error(key, "absent", "a value of that key in the metadata");
        }
        return entry;
    }

    private ModelFormatException error(String field, String key, Object value, String expectation) {
        return new ModelFormatException(file, offset(key), field, value, expectation);
    }

    private ModelFormatException wrongType(String key, String expectation) throws ModelFormatException {
        return error(key, describe(value(key)), expectation);
    }

    private static String describe(Object value) {
        return switch (value) {
            case String text -> "the text '" + text + "'";
            case Boolean flag -> "the boolean " + flag;
            case Number number -> "the number " + number;
            default ->
                "an array " + value.getClass().getComponentType().getSimpleName() + "[" + Array.getLength(value) + "]";
        };
    }
}
