package io.longinfer.eval.report.results;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.comparison.Variant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The result lines of several files, in an order that does not depend on that of the runs. Immutable. */
public final class Results {
    /** Kinds of results that reports show. */
    private static final Set<String> KINDS = Set.of("latency", "accuracy", "choice", "perplexity", "modelled");

    /** Baselines before ours, ours before its ablations; others stand behind by name. */
    private static final List<String> VARIANTS =
            Arrays.stream(Variant.values()).map(Variant::label).toList();

    private static final Comparator<Result> ORDER = Comparator.comparing(Result::model)
            .thenComparingDouble(Result::emulatedDiskBytesPerSecond)
            .thenComparingDouble(Result::emulatedLinkBytesPerSecond)
            .thenComparingLong(Result::batch)
            .thenComparingLong(Result::documentTokens)
            .thenComparingInt(result -> rank(result.variant()))
            .thenComparing(Result::variant)
            .thenComparingDouble(Result::ratio)
            .thenComparingLong(Result::repetition);

    private final List<Result> results;

    private Results(List<Result> results) {
        this.results = results.stream().sorted(ORDER).toList();
    }

    /** Place of a variant among all, for order and colour. */
    public static int rank(String variant) {
        int index = VARIANTS.indexOf(variant);
        return index < 0 ? VARIANTS.size() : index;
    }

    /**
     * Reads files. A last line that was cut off, lines of an unknown kind and repeated lines are left out, with a warning.
     *
     * @throws ResultException if a line cannot be read, or there is none
     */
    public static Results read(List<Path> files, Consumer<String> warnings) throws IOException {
        List<Result> all = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Path file : files) {
            read(file, all, seen, warnings);
        }
        if (all.isEmpty()) {
            throw new ResultException(files.getFirst(), "no results found, at least one JSON line expected");
        }
        return new Results(all);
    }

    private static void read(Path file, List<Result> all, Set<String> seen, Consumer<String> warnings)
            throws IOException {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        List<String> lines = text.lines().toList();
        for (int index = 0; index < lines.size(); index++) {
            String line = lines.get(index);
            String where = file + ": line " + (index + 1);
            if (line.isBlank()) {
                continue;
            }
            Map<String, Object> tree;
            try {
                tree = tree(line);
            } catch (JacksonException malformed) {
                if (index == lines.size() - 1 && !text.endsWith("\n")) {
                    warnings.accept(where + " is cut off and left out");
                    continue;
                }
                throw new ResultException(file, index + 1, "no JSON object, one expected");
            }
            Result result = new Result(file, index + 1, tree);
            if (!KINDS.contains(result.kind())) {
                warnings.accept(where + " is of kind '" + result.kind() + "', which no figure shows, and left out");
            } else if (!seen.add(line)) {
                warnings.accept(where + " was read before and is left out");
            } else {
                all.add(result);
            }
        }
    }

    /** The one object that a line is. */
    private static Map<String, Object> tree(String line) throws IOException {
        try (JsonParser parser = JSON.std.createParser(line)) {
            Map<String, Object> tree = JSON.std.mapFrom(parser);
            if (parser.nextToken() != null) {
                throw new JsonParseException(parser, "more than one value");
            }
            return tree;
        }
    }

    /** All of them. */
    public List<Result> all() {
        return results;
    }

    /** Those that match. */
    public List<Result> where(Predicate<Result> predicate) {
        return results.stream().filter(predicate).toList();
    }
}
