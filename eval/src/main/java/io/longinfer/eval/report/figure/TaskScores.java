package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.statistics.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;

/** Scores of several variants on several tasks. Immutable. */
final class TaskScores {
    /** By series, by task: the scores of all samples. */
    private final Map<String, Map<String, double[]>> scores = new LinkedHashMap<>();

    TaskScores(List<Result> results, Labels labels) {
        labels.series(results).forEach((label, lines) -> {
            Map<String, double[]> tasks = scores.computeIfAbsent(label, key -> new LinkedHashMap<>());
            for (Result line : lines) {
                double[] samples = line.numbers("scores").stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray();
                double[] known = samples.length > 0 ? samples : new double[] {line.number("score")};
                tasks.merge(
                        line.required("task"),
                        known,
                        (some, more) -> DoubleStream.concat(DoubleStream.of(some), DoubleStream.of(more))
                                .toArray());
            }
        });
    }

    /** Names of the series, in order. */
    List<String> series() {
        return List.copyOf(scores.keySet());
    }

    /** All tasks, in alphabetical order. */
    Set<String> tasks() {
        Set<String> tasks = new TreeSet<>();
        scores.values().forEach(some -> tasks.addAll(some.keySet()));
        return tasks;
    }

    /** The tasks that every series has: only over those can means be compared. */
    Set<String> commonTasks() {
        Set<String> tasks = tasks();
        scores.values().forEach(some -> tasks.retainAll(some.keySet()));
        return tasks;
    }

    /** A series' scores on a task; empty if it has none. */
    double[] of(String series, String task) {
        return scores.get(series).getOrDefault(task, new double[0]);
    }

    /** A series' mean over the common tasks, each weighing the same. */
    Range mean(String series) {
        List<double[]> samples = new ArrayList<>();
        commonTasks().forEach(task -> samples.add(of(series, task)));
        return Range.ofMeans(samples);
    }

    /** How many samples that mean has. */
    int samples(String series) {
        return commonTasks().stream().mapToInt(task -> of(series, task).length).sum();
    }
}
