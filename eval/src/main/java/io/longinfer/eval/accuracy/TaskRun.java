package io.longinfer.eval.accuracy;

import io.longinfer.eval.comparison.Contender;
import io.longinfer.eval.comparison.Prefix;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession.PrefillListener;
import io.longinfer.model.generation.Sampler;
import io.longinfer.model.tokenizer.StreamingDecoder;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A task, answered by several ways to manage KV: each prompt is read once, with all KV on the device; every contender takes that KV
 * over, reads the last tokens of the prompt itself and answers greedily, by the same code whose steps are timed elsewhere. Not
 * thread-safe.
 */
public final class TaskRun {
    private final Engine engine;
    private final WeightSource weights;
    private final Tokenizer tokenizer;
    private final Function<Sample, int[]> encoder;
    private final int blockTokens;

    /**
     * A runner of tasks.
     *
     * @param encoder tokens of a sample's prompt, chat template and answer's prefix included
     * @param blockTokens tokens of a prompt that go through the layers together
     */
    public TaskRun(
            Engine engine,
            WeightSource weights,
            Tokenizer tokenizer,
            Function<Sample, int[]> encoder,
            int blockTokens) {
        this.engine = engine;
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.encoder = encoder;
        this.blockTokens = blockTokens;
    }

    /** Learns how far a task is. */
    @FunctionalInterface
    public interface Listener {
        /** {@code done} of {@code total} answers are given, the last of them with this score. */
        void answered(int done, int total);
    }

    /** Lets the contenders, in their order, answer the samples of a task one by one; a result each. */
    public List<TaskResult> of(Task task, List<Contender> contenders, PrefillListener reading, Listener progress)
            throws IOException {
        List<TaskResult.Builder> results = new ArrayList<>();
        for (Contender contender : contenders) {
            results.add(new TaskResult.Builder(task.name(), contender.variant()));
        }
        boolean tokenStatistics =
                contenders.stream().anyMatch(contender -> contender.variant().learnsTokens());
        int done = 0;
        for (int index = 0; index < task.samples(); index++) {
            Sample sample = task.sample(index);
            int[] prompt = encoder.apply(sample);
            int room = sample.maxTokens();
            try (Prefix prefix =
                    Prefix.read(engine, weights, List.of(prompt), 0, room, blockTokens, tokenStatistics, reading)) {
                for (int i = 0; i < contenders.size(); i++) {
                    KvConfig configuration = contenders.get(i).configuration().apply(prefix);
                    results.get(i).configured(configuration, prefix.contextTokens());
                    results.get(i)
                            .add(answer(
                                    prefix,
                                    configuration,
                                    sample,
                                    index,
                                    prompt.length,
                                    task.metric(),
                                    results.get(i)));
                    progress.answered(++done, task.samples() * contenders.size());
                }
            }
        }
        return results.stream().map(TaskResult.Builder::build).toList();
    }

    private Answer answer(
            Prefix prefix,
            KvConfig configuration,
            Sample sample,
            int index,
            int promptTokens,
            Metric metric,
            TaskResult.Builder result)
            throws IOException {
        try (BatchSession session = prefix.open(configuration, 1)) {
            session.cache(0).resetMetrics();
            StreamingDecoder decoder = tokenizer.stream();
            StringBuilder text = new StringBuilder();
            long[] nanos = new long[sample.maxTokens()];
            int steps = 0;
            int[] token = {Sampler.argmax(session.logits(0))};
            for (int count = 1; !tokenizer.endsGeneration(token[0]); count++) {
                text.append(decoder.next(token[0]));
                if (count == sample.maxTokens()) {
                    break;
                }
                long start = System.nanoTime();
                session.decode(token);
                nanos[steps++] = System.nanoTime() - start;
                token[0] = Sampler.argmax(session.logits(0));
            }
            text.append(decoder.flush());
            KvMetrics metrics = session.cache(0).metrics();
            result.add(Arrays.copyOf(nanos, steps), metrics);
            double score = metric.score(text.toString(), sample.references());
            return new Answer(index, promptTokens, text.toString(), sample.references(), score);
        }
    }
}
