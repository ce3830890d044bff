package io.longinfer.eval.report.results;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One line of results: what was run, on what, and what came out. Keys are dotted paths, such as {@code "environment.jvm"}.
 * Immutable if nobody changes the tree.
 *
 * @param file it was read from
 * @param line counted from 1
 */
public record Result(Path file, int line, Map<String, Object> tree) {
    private static final String MODELLED = "modelled";

    /** What was measured, such as {@code "latency"}; empty if the line does not say. */
    public String kind() {
        return text("kind").orElse("");
    }

    /** The way KV was managed. */
    public String variant() {
        return required("variant");
    }

    /** Whether its figures come from a model of a machine and not from a clock. */
    public boolean modelled() {
        return kind().equals(MODELLED) || Boolean.TRUE.equals(tree.get(MODELLED));
    }

    /** The model's name: that of its file or folder. */
    public String model() {
        String path = required("model");
        String name = path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
        return name.replaceFirst("\\.(gguf|safetensors)$", "");
    }

    /** Tokens of the document, or else tokens that were planned for. */
    public long documentTokens() {
        return (long) optional("documentTokens").orElseGet(() -> number("contextTokens"));
    }

    /** Sequences that decoded together. */
    public long batch() {
        return (long) optional("batch").orElse(1);
    }

    /** Share of the chunks that was selected, as configured; 1 for full attention. */
    public double ratio() {
        if (variant().equals("full")) {
            return 1;
        }
        return optional("ratio").orElseGet(() -> number("configuration.selection.ratio"));
    }

    /** What the disk was slowed down to; 0 if it was not. */
    public double emulatedDiskBytesPerSecond() {
        return optional("configuration.emulatedDiskBytesPerSecond").orElse(0);
    }

    /** What the link between host and device was slowed down to; 0 if it was not. */
    public double emulatedLinkBytesPerSecond() {
        return optional("configuration.emulatedLinkBytesPerSecond").orElse(0);
    }

    /** From 0. */
    public long repetition() {
        return (long) optional("repetition").orElse(0);
    }

    /**
     * A text.
     *
     * @throws ResultException if something else stands there
     */
    public Optional<String> text(String path) {
        return find(path).map(value -> {
            if (value instanceof String text) {
                return text;
            }
            throw wrong(path, value, "a text");
        });
    }

    /** A text that must be there. */
    public String required(String path) {
        return text(path).orElseThrow(() -> wrong(path, "missing", "a text"));
    }

    /**
     * A number, if there is one.
     *
     * @throws ResultException if something else stands there
     */
    public OptionalDouble optional(String path) {
        Optional<Object> value = find(path);
        return value.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(number(path, value.get()));
    }

    /** A number that must be there. */
    public double number(String path) {
        return optional(path).orElseThrow(() -> wrong(path, "missing", "a number"));
    }

    /** Numbers, NaN where there is none; an empty list if the key is missing. */
    public List<Double> numbers(String path) {
        return list(path).stream()
                .map(value -> value == null ? Double.NaN : number(path, value))
                .toList();
    }

    /** A list; empty if the key is missing. */
    public List<?> list(String path) {
        return find(path)
                .<List<?>>map(value -> {
                    if (value instanceof List<?> list) {
                        return list;
                    }
                    throw wrong(path, value, "a list");
                })
                .orElse(List.of());
    }

    /** A list of objects, each as a result of this line. */
    public List<Result> objects(String path) {
        return list(path).stream()
                .map(value -> new Result(file, line, object(path, value)))
                .toList();
    }

    /** Everything under a path as dotted keys and values; empty if there is nothing. */
    public Map<String, Object> flat(String path) {
        Map<String, Object> flat = new LinkedHashMap<>();
        find(path).ifPresent(value -> {
            if (value instanceof Map<?, ?>) {
                flatten("", value, flat);
            } else {
                throw wrong(path, value, "an object");
            }
        });
        return flat;
    }

    private static void flatten(String prefix, Object value, Map<String, Object> flat) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, inner) -> flatten(prefix.isEmpty() ? key.toString() : prefix + "." + key, inner, flat));
        } else if (value != null) {
            flat.put(prefix, value);
        }
    }

    private Optional<Object> find(String path) {
        Object value = tree;
        for (String key : path.split("\\.", -1)) {
            value = value instanceof Map<?, ?> map ? map.get(key) : null;
        }
        return Optional.ofNullable(value);
    }

    private double number(String path, Object value) {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw wrong(path, value, "a number");
    }

    private Map<String, Object> object(String path, Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw wrong(path, value, "objects");
        }
        Map<String, Object> tree = new LinkedHashMap<>();
        map.forEach((key, inner) -> tree.put(String.valueOf(key), inner));
        return tree;
    }

    private ResultException wrong(String path, Object found, String expected) {
        return new ResultException(file, line, "'" + path + "' is '" + found + "', " + expected + " expected");
    }
}
