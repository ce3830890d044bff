package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Result;
import io.longinfer.kvcache.ByteSize;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Describes what runs have in common; runs with different descriptions never share a figure. */
final class Setting {
    private Setting() {}

    /** Lines that belong into one figure each, by their description, in the order of the lines. */
    static SequencedMap<String, List<Result>> panels(List<Result> results, Function<Result, String> setting) {
        SequencedMap<String, List<Result>> panels = new LinkedHashMap<>();
        results.forEach(result -> panels.computeIfAbsent(setting.apply(result), key -> new ArrayList<>())
                .add(result));
        return panels;
    }

    /** What latency depends on, but for context and variant. */
    static String ofTiming(Result result) {
        List<String> parts = new ArrayList<>();
        parts.add(ofModel(result));
        parts.add("batch " + result.batch());
        parts.add(budgets(result));
        result.text("prefill").ifPresent(parts::add);
        return join(parts);
    }

    /** Model and length. */
    static String ofLength(Result result) {
        return join(List.of(ofModel(result), Unit.TOKENS.format((double) result.documentTokens()) + " tokens"));
    }

    /** The model, and what makes a run's time not that of this machine. */
    static String ofModel(Result result) {
        return join(List.of(result.model(), machine(result), throttle(result)));
    }

    private static String budgets(Result result) {
        if (result.optional("deviceShare").isPresent()
                && result.optional("hostShare").isPresent()) {
            return "device " + Unit.SHARE.tick(result.number("deviceShare")) + " and host "
                    + Unit.SHARE.tick(result.number("hostShare")) + " of the KV";
        }
        return bytes(result, "device", "configuration.deviceBudgetBytes")
                + bytes(result, " host", "configuration.hostBudgetBytes");
    }

    private static String bytes(Result result, String name, String path) {
        return result.optional(path).stream()
                .mapToObj(bytes -> name + " " + ByteSize.format((long) bytes))
                .findFirst()
                .orElse("");
    }

    private static String throttle(Result result) {
        String disk = rate(result, "disk", "configuration.emulatedDiskBytesPerSecond");
        String link = rate(result, "link", "configuration.emulatedLinkBytesPerSecond");
        String both = join(List.of(disk, link));
        return both.isEmpty() ? "" : "THROTTLED: " + both;
    }

    private static String rate(Result result, String name, String path) {
        return result.optional(path).stream()
                .filter(bytes -> bytes > 0)
                .mapToObj(bytes -> name + " " + gigabytes(bytes))
                .findFirst()
                .orElse("");
    }

    private static String gigabytes(double bytes) {
        return bytes >= 1e9 ? Unit.PLAIN.tick(bytes / 1e9) + " GB/s" : Unit.PLAIN.tick(bytes / 1e6) + " MB/s";
    }

    private static String machine(Result result) {
        if (!result.modelled()) {
            return "";
        }
        Object machine = result.tree().get("machine");
        if (!(machine instanceof Map<?, ?>)) {
            return "MODELLED machine " + (machine == null ? "unknown" : machine);
        }
        String numbers = result.flat("machine").entrySet().stream()
                .filter(entry -> !entry.getKey().equals("name"))
                .map(entry -> entry.getKey() + " "
                        + (entry.getValue() instanceof Number number
                                ? Unit.PLAIN.tick(number.doubleValue())
                                : entry.getValue()))
                .collect(Collectors.joining(", "));
        return "MODELLED machine " + result.text("machine.name").orElse("unknown")
                + (numbers.isEmpty() ? "" : " (" + numbers + ")");
    }

    private static String join(List<String> parts) {
        return parts.stream().filter(part -> !part.isEmpty()).collect(Collectors.joining(" · "));
    }
}
