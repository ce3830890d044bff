package io.longinfer.eval.sweep;

import io.longinfer.eval.comparison.Variant;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * A declared grid: every combination of its lists is a run, {@link #repetitions} times.
 *
 * @param name what results are filed under
 * @param kind what a run measures
 * @param models names or paths
 * @param tokens lengths of documents; windows of a text where that is read
 * @param batches sequences that decode together
 * @param tasks of kind {@link Kind#ACCURACY}
 * @param variants ways to manage KV
 * @param kv options of KV by their names without dashes, each with the values it takes
 * @param deviceShares device budget, as shares of the KV of all sequences
 * @param hostShares host budget, likewise
 * @param ownPrefill whether each run reads its prompt itself and times that, or takes over KV that was read once for all
 * @param repetitions runs of each combination
 * @param warmUp decoding steps that are not measured
 * @param steps decoding steps that are
 * @param samples questions of a task
 * @param text what kind {@link Kind#PERPLEXITY} reads
 * @param seed of documents and of the order of runs
 */
public record Sweep(
        String name,
        Kind kind,
        List<String> models,
        List<Integer> tokens,
        List<Integer> batches,
        List<String> tasks,
        List<Variant> variants,
        Map<String, List<String>> kv,
        List<Double> deviceShares,
        List<Double> hostShares,
        boolean ownPrefill,
        int repetitions,
        int warmUp,
        int steps,
        int samples,
        Optional<Path> text,
        long seed) {
    /** What a run measures. */
    public enum Kind {
        /** How long a decoding step takes. */
        LATENCY,
        /** How many questions are answered right. */
        ACCURACY,
        /** How well a text is foretold. */
        PERPLEXITY
    }

    /** Options that say what is selected: nothing to full attention, which runs once for all their values. */
    private static final List<String> SELECTING = List.of(
            "ratio",
            "first-layers",
            "first-layers-ratio",
            "sink",
            "recent",
            "group-rule",
            "partition",
            "desert-threshold",
            "desert-run",
            "merge-after",
            "abstract-precision");

    /** All runs, without repetition of equal ones, in the order of the lists. */
    public List<Cell> cells() {
        SequencedSet<Cell> cells = new LinkedHashSet<>();
        for (String model : models) {
            for (int length : tokens) {
                for (String task : tasks.isEmpty() ? List.of("") : tasks) {
                    addCells(new Cell.Group(model, length, task), cells);
                }
            }
        }
        return List.copyOf(cells);
    }

    private void addCells(Cell.Group group, SequencedSet<Cell> cells) {
        for (int batch : batches) {
            for (double deviceShare : deviceShares) {
                for (double hostShare : hostShares) {
                    for (Map<String, String> options : combinations()) {
                        for (Variant variant : variants) {
                            Map<String, String> used = new LinkedHashMap<>(options);
                            if (variant == Variant.FULL) {
                                used.keySet().removeAll(SELECTING);
                            }
                            for (int repetition = 0; repetition < repetitions; repetition++) {
                                cells.add(new Cell(group, batch, deviceShare, hostShare, variant, used, repetition));
                            }
                        }
                    }
                }
            }
        }
    }

    private List<Map<String, String>> combinations() {
        List<Map<String, String>> all = new ArrayList<>(List.of(Map.of()));
        for (Map.Entry<String, List<String>> option : kv.entrySet()) {
            List<Map<String, String>> longer = new ArrayList<>();
            for (Map<String, String> shorter : all) {
                for (String value : option.getValue()) {
                    Map<String, String> one = new LinkedHashMap<>(shorter);
                    one.put(option.getKey(), value);
                    longer.add(one);
                }
            }
            all = longer;
        }
        return all;
    }
}
