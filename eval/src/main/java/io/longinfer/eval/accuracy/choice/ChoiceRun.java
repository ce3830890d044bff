package io.longinfer.eval.accuracy.choice;

import io.longinfer.eval.accuracy.TaskException;
import io.longinfer.eval.accuracy.TaskResult;
import io.longinfer.eval.accuracy.TaskRun.Listener;
import io.longinfer.eval.accuracy.choice.ContinuationEncoder.Encoded;
import io.longinfer.eval.comparison.Contender;
import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.report.LogitsWriter;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Questions, answered by several ways to manage KV: a context is read once, with all KV on the device; every contender takes that KV
 * over and reads the context's last token and an option's tokens one by one, by the same code whose steps are timed elsewhere, so that
 * every score comes from selected KV. Not thread-safe.
 */
public final class ChoiceRun {
    private final Engine engine;
    private final WeightSource weights;
    private final ContinuationEncoder encoder;
    private final int blockTokens;

    /** @param blockTokens tokens of a prompt that go through the layers together */
    public ChoiceRun(Engine engine, WeightSource weights, Tokenizer tokenizer, int blockTokens) {
        this.engine = engine;
        this.weights = weights;
        this.encoder = new ContinuationEncoder(tokenizer);
        this.blockTokens = blockTokens;
    }

    /**
     * Lets the contenders, in their order, answer the questions one by one; a result each.
     *
     * @throws TaskException if an option has no tokens of its own, or a context not two
     */
    public List<ChoiceResult> of(ChoiceTask task, List<Contender> contenders, Listener progress) throws IOException {
        List<ChoiceResult.Builder> results = new ArrayList<>();
        for (Contender contender : contenders) {
            results.add(new ChoiceResult.Builder(
                    new TaskResult.Builder(task.format().label(), contender.variant())));
        }
        int done = 0;
        for (int index = 0; index < task.questions().size(); index++) {
            Question question = task.questions().get(index);
            List<Encoded> options = encoded(question);
            double[][] likelihoods = new double[contenders.size()][options.size()];
            for (int first : firstOfContexts(options)) {
                score(options, first, contenders, results, likelihoods);
            }
            int longest = options.stream()
                    .mapToInt(option -> option.context().length)
                    .max()
                    .orElseThrow();
            for (int i = 0; i < contenders.size(); i++) {
                results.get(i).add(index, longest, question, likelihoods[i]);
                progress.answered(++done, task.questions().size() * contenders.size());
            }
        }
        return results.stream().map(ChoiceResult.Builder::build).toList();
    }

    private List<Encoded> encoded(Question question) {
        List<Encoded> options = new ArrayList<>();
        for (Question.Option option : question.options()) {
            Encoded encoded = encoder.encode(option.context(), option.continuation());
            if (encoded.context().length < 2 || encoded.continuation().length < 1) {
                throw new TaskException("'" + option.context() + option.continuation() + "' found, which takes "
                        + encoded.context().length + " and " + encoded.continuation().length
                        + " tokens: at least 2 to read and 1 to score expected");
            }
            options.add(encoded);
        }
        return options;
    }

    /** Of the options with the same context, the first; for most questions there is one context. */
    private static List<Integer> firstOfContexts(List<Encoded> options) {
        List<Integer> firsts = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            int[] context = options.get(i).context();
            if (firsts.stream()
                    .noneMatch(first -> Arrays.equals(options.get(first).context(), context))) {
                firsts.add(i);
            }
        }
        return firsts;
    }

    /** Scores the options whose context is that of option {@code first}. */
    private void score(
            List<Encoded> options,
            int first,
            List<Contender> contenders,
            List<ChoiceResult.Builder> results,
            double[][] likelihoods)
            throws IOException {
        int[] context = options.get(first).context();
        int[] prompt = Arrays.copyOf(context, context.length - 1);
        int longest = options.stream()
                .mapToInt(option -> option.continuation().length)
                .max()
                .orElseThrow();
        boolean tokenStatistics =
                contenders.stream().anyMatch(contender -> contender.variant().learnsTokens());
        try (Prefix prefix = Prefix.read(
                engine, weights, List.of(prompt), 0, longest, blockTokens, tokenStatistics, (done, total) -> {})) {
            for (int i = 0; i < contenders.size(); i++) {
                KvConfig configuration = contenders.get(i).configuration().apply(prefix);
                TaskResult.Builder result = results.get(i).accuracy();
                result.configured(configuration, prefix.contextTokens());
                for (int option = first; option < options.size(); option++) {
                    if (Arrays.equals(options.get(option).context(), context)) {
                        likelihoods[i][option] = logLikelihood(
                                prefix,
                                configuration,
                                context,
                                options.get(option).continuation(),
                                result);
                    }
                }
            }
        }
    }

    private static double logLikelihood(
            Prefix prefix, KvConfig configuration, int[] context, int[] continuation, TaskResult.Builder result)
            throws IOException {
        try (BatchSession session = prefix.open(configuration, 1)) {
            session.cache(0).resetMetrics();
            long[] nanos = new long[continuation.length];
            double sum = 0;
            int[] token = {context[context.length - 1]};
            for (int i = 0; i < continuation.length; i++) {
                long start = System.nanoTime();
                session.decode(token);
                nanos[i] = System.nanoTime() - start;
                sum -= LogitsWriter.negativeLogLikelihood(session.logits(0), continuation[i]);
                token[0] = continuation[i];
            }
            result.add(nanos, session.cache(0).metrics());
            return sum;
        }
    }
}
