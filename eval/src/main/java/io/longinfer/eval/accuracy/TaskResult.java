package io.longinfer.eval.accuracy;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.report.MetricsTree;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.tier.Link;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * How a task was answered by one way to manage KV.
 *
 * @param configuration for the last sample; budgets that are shares differ a little from sample to sample
 * @param contextTokens of the longest sample
 * @param stepNanos latency of each decoding step of all samples
 * @param metrics of the decoding steps of all samples
 */
@SuppressWarnings("ArrayRecordComponent") // a result, never compared
public record TaskResult(
        String task,
        Variant variant,
        KvConfig configuration,
        int contextTokens,
        List<Answer> answers,
        long[] stepNanos,
        KvMetrics metrics) {
    /** Several of the same variant as one, named as the first. */
    public static TaskResult merged(List<TaskResult> results) {
        TaskResult first = results.getFirst();
        return new TaskResult(
                first.task,
                first.variant,
                first.configuration,
                results.stream().mapToInt(TaskResult::contextTokens).max().orElseThrow(),
                results.stream().flatMap(result -> result.answers.stream()).toList(),
                results.stream()
                        .flatMapToLong(result -> Arrays.stream(result.stepNanos))
                        .toArray(),
                KvMetrics.sum(results.stream().map(TaskResult::metrics).toList()));
    }

    /** The scores, in the order of the samples. */
    public double[] scores() {
        return answers.stream().mapToDouble(Answer::score).toArray();
    }

    /** Their mean. */
    public double score() {
        return Arrays.stream(scores()).average().orElse(Double.NaN);
    }

    /** Median latency of a decoding step. */
    public double medianNanos() {
        long[] sorted = stepNanos.clone();
        Arrays.sort(sorted);
        int size = sorted.length;
        return size == 0 ? Double.NaN : (sorted[(size - 1) / 2] + sorted[size / 2]) / 2.0;
    }

    /** Bytes over a link, a decoding step. */
    public double bytesPerStep(Link link) {
        return stepNanos.length == 0 ? 0 : (double) metrics.link(link).bytes() / stepNanos.length;
    }

    /** For programs. */
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("task", task);
        tree.put("samples", answers.size());
        tree.put("score", score());
        tree.put("scores", JsonTree.of(scores()));
        tree.put("answers", JsonTree.of(answers));
        tree.put("steps", stepNanos.length);
        tree.put("medianMillis", JsonTree.of(medianNanos() / 1e6));
        for (Link link : Link.values()) {
            tree.put(link.label() + " bytes a step", bytesPerStep(link));
        }
        MetricsTree.put(tree, metrics);
        return tree;
    }

    /** Collects the answers of a contender. */
    static final class Builder {
        private final String task;
        private final Variant variant;
        private final List<Answer> answers = new ArrayList<>();
        private final List<KvMetrics> metrics = new ArrayList<>();
        private long[] nanos = {};
        private KvConfig configuration = KvConfig.defaults();
        private int contextTokens;

        Builder(String task, Variant variant) {
            this.task = task;
            this.variant = variant;
        }

        void add(long[] stepNanos, KvMetrics of) {
            nanos = LongStream.concat(Arrays.stream(nanos), Arrays.stream(stepNanos))
                    .toArray();
            metrics.add(of);
        }

        void add(KvConfig used, int context, Answer answer) {
            configuration = used;
            contextTokens = Math.max(contextTokens, context);
            answers.add(answer);
        }

        TaskResult build() {
            return new TaskResult(
                    task, variant, configuration, contextTokens, List.copyOf(answers), nanos, KvMetrics.sum(metrics));
        }
    }
}
