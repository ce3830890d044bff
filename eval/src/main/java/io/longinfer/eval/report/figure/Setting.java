package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Result;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Describes what timed runs have in common; runs with different descriptions never share a figure. */
final class Setting {
    private static final String DISK_RATE = "machine.disk.bandwidth";
    private static final String LINK_RATE = "machine.link.bandwidth";

    /** By the name of a modelled machine: those of its numbers that are not the same in all lines. */
    private final Map<String, Set<String>> differing = new HashMap<>();

    private final Budgets budgets;

    /** For telling these runs apart. */
    private Setting(List<Result> results) {
        Map<String, Map<String, Object>> first = new HashMap<>();
        for (Result result : results) {
            if (result.modelled()) {
                Map<String, Object> numbers = result.flat("machine");
                Map<String, Object> others = first.computeIfAbsent(machineName(result), name -> numbers);
                Set<String> all = new TreeSet<>(numbers.keySet());
                all.addAll(others.keySet());
                all.removeIf(key -> Set.of(DISK_RATE, LINK_RATE).contains("machine." + key)
                        || Objects.equals(numbers.get(key), others.get(key)));
                differing
                        .computeIfAbsent(machineName(result), name -> new TreeSet<>())
                        .addAll(all);
            }
        }
        budgets = new Budgets(results, this::ofMachine);
    }

    /** Timed lines that belong into one figure each: alike in all that latency depends on, but for context and variant. */
    static SequencedMap<String, List<Result>> timedPanels(List<Result> results) {
        Setting setting = new Setting(results);
        return panels(results, result -> join(List.of(setting.ofMachine(result), setting.budgets.of(result))));
    }

    /** Lines that belong into one figure each, by their description, in the order of the lines. */
    static SequencedMap<String, List<Result>> panels(List<Result> results, Function<Result, String> setting) {
        SequencedMap<String, List<Result>> panels = new LinkedHashMap<>();
        results.forEach(result -> panels.computeIfAbsent(setting.apply(result), key -> new ArrayList<>())
                .add(result));
        return panels;
    }

    private String ofMachine(Result result) {
        return join(List.of(
                ofModel(result),
                numbers(result),
                "batch " + result.batch(),
                result.text("prefill").orElse("")));
    }

    /** What tells this modelled machine from others of the same name. */
    private String numbers(Result result) {
        if (!result.modelled()) {
            return "";
        }
        Map<String, Object> numbers = result.flat("machine");
        return differing.get(machineName(result)).stream()
                .map(key -> key + " " + value(numbers.getOrDefault(key, "–")))
                .collect(Collectors.joining(", "));
    }

    private static String value(Object value) {
        return value instanceof Number number ? Unit.PLAIN.tick(number.doubleValue()) : value.toString();
    }

    /** All that is said of a modelled machine; empty for a real one. */
    static String machine(Result result) {
        return !result.modelled()
                ? ""
                : result.flat("machine").entrySet().stream()
                        .map(entry -> entry.getKey() + " " + value(entry.getValue()))
                        .collect(Collectors.joining(", "));
    }

    private static String machineName(Result result) {
        return result.text("machine.name").orElse("unknown");
    }

    /** Model and length. */
    static String ofLength(Result result) {
        return join(List.of(ofModel(result), Unit.TOKENS.format((double) result.documentTokens()) + " tokens"));
    }

    /** The model, and what makes a run's time not that of this machine. */
    static String ofModel(Result result) {
        String machine = result.modelled()
                ? "MODELLED machine " + machineName(result)
                        + rates(
                                ": ",
                                result.optional(DISK_RATE).orElse(0),
                                result.optional(LINK_RATE).orElse(0))
                : "";
        String throttle =
                rates("THROTTLED: ", result.emulatedDiskBytesPerSecond(), result.emulatedLinkBytesPerSecond());
        return join(List.of(result.model(), machine, throttle));
    }

    private static String rates(String before, double disk, double link) {
        String both = Stream.of(rate("disk", disk), rate("link", link))
                .filter(rate -> !rate.isEmpty())
                .collect(Collectors.joining(", "));
        return both.isEmpty() ? "" : before + both;
    }

    private static String rate(String name, double bytes) {
        if (bytes == 0) {
            return "";
        }
        return name + " "
                + (bytes >= 1e9 ? Unit.PLAIN.tick(bytes / 1e9) + " GB/s" : Unit.PLAIN.tick(bytes / 1e6) + " MB/s");
    }

    static String join(List<String> parts) {
        return parts.stream().filter(part -> !part.isEmpty()).collect(Collectors.joining(" · "));
    }
}
