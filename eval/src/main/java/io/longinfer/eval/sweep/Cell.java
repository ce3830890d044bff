package io.longinfer.eval.sweep;

import io.longinfer.eval.comparison.Variant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * One run of a sweep.
 *
 * @param group what it shares with others
 * @param batch sequences that decode together
 * @param deviceShare device budget as a share of the KV
 * @param hostShare host budget as a share of the KV
 * @param variant how KV is managed
 * @param options of KV, by their names without dashes
 * @param repetition from 0
 */
public record Cell(
        Group group,
        int batch,
        double deviceShare,
        double hostShare,
        Variant variant,
        Map<String, String> options,
        int repetition) {
    /**
     * Runs behind the same prompts.
     *
     * @param task empty where there is none
     */
    public record Group(String model, int tokens, String task) {}

    public Cell {
        options = Map.copyOf(options);
    }

    /** What tells it from all other runs of a sweep; the same in every process. */
    public String id() {
        StringBuilder id = new StringBuilder(group.model() + " tokens=" + group.tokens());
        id.append(group.task().isEmpty() ? "" : " task=" + group.task());
        id.append(" batch=" + batch + " device=" + deviceShare + " host=" + hostShare + " " + variant.label());
        new TreeMap<>(options).forEach((name, value) -> id.append(' ').append(name + '=' + value));
        return id.append(" #" + repetition).toString();
    }

    /** The options as a command line has them. */
    public String[] arguments() {
        return new TreeMap<>(options)
                .entrySet().stream()
                        .map(option -> "--" + option.getKey() + "=" + option.getValue())
                        .toArray(String[]::new);
    }

    /** What a result line says of it. */
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", id());
        tree.put("variant", variant.label());
        tree.put("batch", batch);
        tree.put("documentTokens", group.tokens());
        tree.put("deviceShare", deviceShare);
        tree.put("hostShare", hostShare);
        tree.put("repetition", repetition);
        return tree;
    }
}
