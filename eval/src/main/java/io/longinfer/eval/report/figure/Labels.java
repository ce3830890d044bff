package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Result;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Names the series of a figure: by the variant, and by whatever else differs between its lines of that variant. */
final class Labels {
    /** Differs with the length of a prompt, is part of the setting, or changes no result. */
    private static final Set<String> NEVER = Set.of(
            "deviceBudgetBytes",
            "hostBudgetBytes",
            "diskBudgetBytes",
            "diskDirectory",
            "emulatedDiskBytesPerSecond",
            "emulatedLinkBytesPerSecond",
            "recall");

    /** What full attention does not look at. */
    private static final List<String> SELECTING =
            List.of("selection.", "partition.", "groupRule", "adaptivePartition", "abstractPrecision");

    static final String RATIO = "selection.ratio";

    private final Map<String, Set<String>> differing = new HashMap<>();
    private final Set<String> ignored;

    /** @param ignored keys of the configuration that do not make a series, such as the one along an axis */
    Labels(List<Result> results, Set<String> ignored) {
        this.ignored = ignored;
        Map<String, Map<String, Object>> first = new HashMap<>();
        for (Result result : results) {
            Map<String, Object> keys = keys(result);
            Map<String, Object> others = first.putIfAbsent(result.variant(), keys);
            if (others != null) {
                Set<String> all = new TreeSet<>(keys.keySet());
                all.addAll(others.keySet());
                all.removeIf(key -> String.valueOf(keys.get(key)).equals(String.valueOf(others.get(key))));
                differing
                        .computeIfAbsent(result.variant(), variant -> new TreeSet<>())
                        .addAll(all);
            }
        }
    }

    private Map<String, Object> keys(Result result) {
        Map<String, Object> keys = new TreeMap<>(result.flat("configuration"));
        if (result.optional("ratio").isPresent()) {
            keys.put(RATIO, result.ratio());
        }
        keys.keySet().removeIf(key -> NEVER.contains(key) || ignored.contains(key));
        if (result.variant().equals("full")) {
            keys.keySet().removeIf(key -> SELECTING.stream().anyMatch(key::startsWith));
        }
        return keys;
    }

    /** A line's series. */
    String of(Result result) {
        StringBuilder label = new StringBuilder(result.variant());
        Map<String, Object> keys = keys(result);
        for (String key : differing.getOrDefault(result.variant(), Set.of())) {
            label.append(label.length() > result.variant().length() ? ", " : " ")
                    .append(key.substring(key.lastIndexOf('.') + 1))
                    .append(' ')
                    .append(keys.getOrDefault(key, "–"));
        }
        return result.modelled() ? label + " (modelled)" : label.toString();
    }

    /** Lines by their series, in the order of the lines. */
    Map<String, List<Result>> series(List<Result> results) {
        Map<String, List<Result>> series = new LinkedHashMap<>();
        results.forEach(result ->
                series.computeIfAbsent(of(result), label -> new ArrayList<>()).add(result));
        return series;
    }
}
