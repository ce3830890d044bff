package io.longinfer.model.json;

import io.longinfer.model.gguf.ModelFormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * An object of a JSON file: values by name. The typed accessors name the file, the path to the value, what was found and what
 * was expected. A value {@code null} counts as absent. Immutable, safe for any thread.
 */
public final class JsonObject {
    /** Stands for JSON's null. */
    static final Object NULL = new Object() {
        @Override
        public String toString() {
            return "null";
        }
    };

    private final Path file;
    private final String path;
    private final Map<String, Object> values;

    JsonObject(Path file, String path, Map<String, Object> values) {
        this.file = file;
        this.path = path;
        this.values = values;
    }

    /** An object without any value, in place of an optional file. */
    public static JsonObject empty(Path file) {
        return new JsonObject(file, "", Map.of());
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** The names, in the file's order. */
    public Set<String> keys() {
        return values.keySet();
    }

    /** Whether there is a value of that name other than null. */
    public boolean contains(String key) {
        return values.containsKey(key) && values.get(key) != NULL;
    }

    /**
     * The value itself: {@code Long}, {@code Double}, {@code Boolean}, {@code String}, {@code List} or {@code Map}. Null inside
     * a list or map is some other object.
     */
    public Object value(String key) throws ModelFormatException {
        if (!contains(key)) {
            throw error(key, "absent", "a value of that name");
        }
        return values.get(key);
    }

    /** An error about the value of that name. */
    public ModelFormatException error(String key, Object value, String expectation) {
        return new ModelFormatException(file, ModelFormatException.NO_OFFSET, path + key, value, expectation);
    }

    /** A text. */
    public String string(String key) throws ModelFormatException {
        if (value(key) instanceof String text) {
            return text;
        }
        throw wrongType(key, "a text");
    }

    /** A text, if there is one. */
    public Optional<String> stringIf(String key) throws ModelFormatException {
        return contains(key) ? Optional.of(string(key)) : Optional.empty();
    }

    /** An integer within 64 bits. */
    public long integer(String key) throws ModelFormatException {
        if (value(key) instanceof Long number) {
            return number;
        }
        throw wrongType(key, "an integer");
    }

    /** An integer, if there is one. */
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

    /** A number, if there is one. */
    public OptionalDouble realIf(String key) throws ModelFormatException {
        return contains(key) ? OptionalDouble.of(real(key)) : OptionalDouble.empty();
    }

    /** A boolean, or {@code fallback} if there is none. */
    public boolean flag(String key, boolean fallback) throws ModelFormatException {
        if (!contains(key)) {
            return fallback;
        }
        if (value(key) instanceof Boolean flag) {
            return flag;
        }
        throw wrongType(key, "a boolean");
    }

    /** An object. */
    public JsonObject object(String key) throws ModelFormatException {
        return object(key, value(key));
    }

    /** An object, if there is one. */
    public Optional<JsonObject> objectIf(String key) throws ModelFormatException {
        return contains(key) ? Optional.of(object(key)) : Optional.empty();
    }

    /** A list. */
    public List<?> list(String key) throws ModelFormatException {
        if (value(key) instanceof List<?> list) {
            return list;
        }
        throw wrongType(key, "a list");
    }

    /** A list of objects. */
    public List<JsonObject> objects(String key) throws ModelFormatException {
        List<JsonObject> objects = new ArrayList<>();
        for (Object element : list(key)) {
            objects.add(object(key + "[" + objects.size() + "]", element));
        }
        return objects;
    }

    @SuppressWarnings("unchecked") // the reader makes maps with texts as keys only
    private JsonObject object(String key, Object value) throws ModelFormatException {
        if (value instanceof Map<?, ?> map) {
            return new JsonObject(file, path + key + ".", (Map<String, Object>) map);
        }
        throw error(key, shown(value), "an object");
    }

    private ModelFormatException wrongType(String key, String expectation) throws ModelFormatException {
        return error(key, shown(value(key)), expectation);
    }

    /** A value for a message, lists and objects by their kind alone. */
    public static String shown(Object value) {
        return switch (value) {
            case String text -> "'" + text + "'";
            case List<?> list -> "a list of " + list.size();
            case Map<?, ?> map -> "an object of " + map.size();
            default -> String.valueOf(value);
        };
    }
}
