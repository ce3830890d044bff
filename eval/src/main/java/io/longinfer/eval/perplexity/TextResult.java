package io.longinfer.eval.perplexity;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.perplexity.Likelihoods.Mean;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.report.MetricsTree;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.commons.math3.stat.StatUtils;

/**
 * How well a text was foretold with one way to manage KV.
 *
 * @param contextTokens that KV space was planned for
 * @param stepNanos latency of each decoding step
 * @param metrics of the decoding steps of all windows
 */
@SuppressWarnings("ArrayRecordComponent") // a result, never compared
public record TextResult(
        Variant variant,
        KvConfig configuration,
        int contextTokens,
        Likelihoods likelihoods,
        long[] stepNanos,
        KvMetrics metrics) {
    /** How much greater its nll is than another's, token by token. */
    public Likelihoods above(TextResult other) {
        return likelihoods.differences(other.likelihoods.values());
    }

    /**
     * For programs: perplexity, nll, and how much it is above that of {@code base}, over all tokens and by context.
     *
     * @param base itself, or who it is compared with
     */
    public Map<String, Object> toTree(TextResult base, List<ContextBucket> buckets) {
        Map<String, Object> tree = new LinkedHashMap<>(figures(likelihoods.mean()));
        List<Object> contexts = new ArrayList<>();
        Likelihoods differences = above(base);
        if (variant != base.variant) {
            tree.put("against", base.variant.label());
            tree.put("above", nll(differences.mean()));
        }
        for (ContextBucket bucket : buckets) {
            Mean mean = bucket.mean(likelihoods);
            if (mean.count() > 0) {
                Map<String, Object> some = new LinkedHashMap<>();
                some.put("least", bucket.least());
                some.put("end", bucket.end());
                some.putAll(figures(mean));
                if (variant != base.variant) {
                    some.put("above", nll(bucket.mean(differences)));
                }
                contexts.add(some);
            }
        }
        tree.put("contexts", contexts);
        tree.put("nllByToken", JsonTree.of(likelihoods.values()));
        tree.put("steps", stepNanos.length);
        double[] nanos = LongStream.of(stepNanos).asDoubleStream().toArray();
        tree.put("medianMillis", JsonTree.of(StatUtils.percentile(nanos, 50) / 1e6));
        MetricsTree.put(tree, metrics);
        return tree;
    }

    private static Map<String, Object> figures(Mean mean) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("perplexity", mean.perplexity());
        tree.put("nll", nll(mean));
        return tree;
    }

    private static Object nll(Mean mean) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("count", mean.count());
        tree.put("mean", mean.nll());
        tree.put("halfWidth", mean.error());
        return JsonTree.of(tree);
    }

    /** Collects what one contender read. */
    static final class Builder {
        private final Variant variant;
        private final Likelihoods likelihoods = new Likelihoods();
        private final LongStream.Builder nanos = LongStream.builder();
        private final List<KvMetrics> metrics = new ArrayList<>();
        private KvConfig configuration = KvConfig.defaults();
        private int contextTokens;

        Builder(Variant variant) {
            this.variant = variant;
        }

        void addStep(long stepNanos) {
            nanos.add(stepNanos);
        }

        void add(int context, double nll) {
            likelihoods.add(context, nll);
        }

        void add(KvConfig used, int context, KvMetrics ofWindow) {
            configuration = used;
            contextTokens = context;
            metrics.add(ofWindow);
        }

        TextResult build() {
            return new TextResult(
                    variant,
                    configuration,
                    contextTokens,
                    likelihoods,
                    nanos.build().toArray(),
                    KvMetrics.sum(metrics));
        }
    }
}
