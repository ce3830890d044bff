package io.longinfer.eval.sweep;

import io.longinfer.eval.comparison.Variant;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A sweep as YAML (or JSON, which YAML includes): one mapping with the keys of {@link #KEYS}. Where a list is expected, a single
 * value stands for a list of one.
 */
public final class SweepFile {
    /** Every key there is. */
    static final Set<String> KEYS = new LinkedHashSet<>(List.of(
            "name",
            "measure",
            "models",
            "tokens",
            "batches",
            "tasks",
            "variants",
            "kv",
            "device-shares",
            "host-shares",
            "prefill",
            "repetitions",
            "warm-up",
            "steps",
            "samples",
            "text",
            "seed"));

    private final Path file;
    private final Map<?, ?> root;

    private SweepFile(Path file, Map<?, ?> root) {
        this.file = file;
        this.root = root;
    }

    /**
     * Reads a file.
     *
     * @throws SweepException if it is not what is expected
     */
    public static Sweep read(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file)) {
            Object root =
                    new Load(LoadSettings.builder().setLabel(file.toString()).build()).loadFromReader(reader);
            if (!(root instanceof Map<?, ?> map)) {
                throw new SweepException(file, "a mapping of " + String.join(", ", KEYS) + " expected");
            }
            return new SweepFile(file, map).sweep();
        } catch (YamlEngineException e) {
            throw new SweepException(file, "no YAML: " + e.getMessage().replaceAll("\\s+", " "));
        }
    }

    private Sweep sweep() {
        for (Object key : root.keySet()) {
            if (!(key instanceof String name && KEYS.contains(name))) {
                throw new SweepException(
                        file, "key '" + key + "' found, one of " + String.join(", ", KEYS) + " expected");
            }
        }
        Sweep.Kind kind = constant("measure", Sweep.Kind.values());
        List<String> tasks = texts("tasks", List.of());
        if (tasks.isEmpty() == (kind == Sweep.Kind.ACCURACY)) {
            throw new SweepException(file, "'tasks' are named where accuracy is measured, and nowhere else");
        }
        Optional<Path> text =
                root.containsKey("text") ? Optional.of(file.resolveSibling(text("text", null))) : Optional.empty();
        if (text.isEmpty() == (kind == Sweep.Kind.PERPLEXITY)) {
            throw new SweepException(file, "'text' names a file where perplexity is measured, and nowhere else");
        }
        boolean timed = kind == Sweep.Kind.LATENCY;
        return new Sweep(
                text("name", file.getFileName().toString().replaceFirst("\\.[^.]*$", "")),
                kind,
                texts("models", List.of("needle")),
                list("tokens", List.of("8000"), value -> integer("tokens", value, 1)),
                list("batches", List.of("1"), value -> integer("batches", value, 1)),
                tasks,
                list("variants", List.of("full", "quest", "ours"), this::variant),
                kv(),
                list("device-shares", List.of(timed ? "0.0625" : "1"), value -> share("device-shares", value)),
                list("host-shares", List.of("0.125"), value -> share("host-shares", value)),
                ownPrefill(),
                integer("repetitions", text("repetitions", timed ? "3" : "1"), 1),
                integer("warm-up", text("warm-up", "8"), 0),
                integer("steps", text("steps", "40"), 1),
                integer("samples", text("samples", "10"), 1),
                text,
                number("seed", text("seed", "42"), Long.MIN_VALUE));
    }

    private boolean ownPrefill() {
        String value = text("prefill", "shared");
        if (!value.equals("shared") && !value.equals("own")) {
            throw wrong("prefill", value, "shared (read once for all runs) or own (each run reads its prompt)");
        }
        return value.equals("own");
    }

    private Map<String, List<String>> kv() {
        Object value = root.containsKey("kv") ? root.get("kv") : Map.of();
        if (!(value instanceof Map<?, ?> options)) {
            throw wrong("kv", value, "options of KV without their dashes, such as ratio: [0.05, 0.1]");
        }
        Map<String, List<String>> kv = new LinkedHashMap<>();
        options.forEach((name, values) -> kv.put(String.valueOf(name), texts("kv: " + name, values)));
        return kv;
    }

    private Variant variant(String label) {
        return Arrays.stream(Variant.values())
                .filter(variant -> variant.label().equals(label))
                .findFirst()
                .orElseThrow(() -> wrong("variants", label, "one of " + labels(Variant.values(), Variant::label)));
    }

    private <E extends Enum<E>> E constant(String key, E[] constants) {
        String value = text(key, "");
        return Arrays.stream(constants)
                .filter(constant -> label(constant).equals(value))
                .findFirst()
                .orElseThrow(() -> wrong(key, value, "one of " + labels(constants, SweepFile::label)));
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static <E> String labels(E[] constants, Function<E, String> label) {
        return Arrays.stream(constants).map(label).collect(Collectors.joining(", "));
    }

    private <T> List<T> list(String key, List<String> usual, Function<String, T> reader) {
        return texts(key, usual).stream().map(reader).toList();
    }

    private List<String> texts(String key, List<String> usual) {
        return root.containsKey(key) ? texts(key, root.get(key)) : usual;
    }

    private List<String> texts(String key, Object value) {
        List<?> values = value instanceof List<?> list ? list : List.of(String.valueOf(value));
        if (values.isEmpty() || values.stream().anyMatch(one -> one instanceof List || one instanceof Map)) {
            throw wrong(key, value, "a value or a list of values");
        }
        return values.stream().map(String::valueOf).distinct().toList();
    }

    private String text(String key, String usual) {
        Object value = root.containsKey(key) ? root.get(key) : usual;
        if (value instanceof List || value instanceof Map || value == null) {
            throw wrong(key, value, "one value");
        }
        return String.valueOf(value);
    }

    private int integer(String key, String value, int least) {
        return (int) Math.min(Integer.MAX_VALUE, number(key, value, least));
    }

    private long number(String key, String value, long least) {
        try {
            long number = Long.parseLong(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(key, value, "a whole number" + (least > Long.MIN_VALUE ? " of at least " + least : ""));
    }

    private double share(String key, String value) {
        try {
            double share = Double.parseDouble(value);
            if (share >= 0 && share <= 1) {
                return share;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(key, value, "a share from 0 to 1");
    }

    private SweepException wrong(String key, Object value, String expected) {
        return new SweepException(file, "'" + key + "' is '" + value + "', " + expected + " expected");
    }
}
