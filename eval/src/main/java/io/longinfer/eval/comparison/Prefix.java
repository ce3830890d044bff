package io.longinfer.eval.comparison;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession.PrefillListener;
import io.longinfer.model.generation.Sampler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Prompts that were read once, with all KV on the device and full attention, and how full attention goes on: what every variant
 * starts from and is compared with. Not thread-safe.
 */
public final class Prefix implements AutoCloseable {
    /** Tokens at a prompt's end that each variant reads itself, at least. */
    private static final int OWN_TOKENS = 8;

    private final Engine engine;
    private final WeightSource weights;
    private final List<int[]> prompts;
    private BatchSession session;
    private boolean tokenStatistics;
    private final int contextTokens;
    private final int blockTokens;
    private final List<int[]> continuations = new ArrayList<>();

    private Prefix(Engine engine, WeightSource weights, List<int[]> prompts, int contextTokens, int blockTokens) {
        this.engine = engine;
        this.weights = weights;
        this.prompts = List.copyOf(prompts);
        this.contextTokens = contextTokens;
        this.blockTokens = blockTokens;
    }

    /**
     * Reads prompts and continues each by {@code steps} tokens.
     *
     * @param room tokens that each variant may add to a prompt, at least {@code steps}
     * @param blockTokens tokens of a prompt that go through the layers together
     */
    public static Prefix read(
            Engine engine,
            WeightSource weights,
            List<int[]> prompts,
            int steps,
            int room,
            int blockTokens,
            PrefillListener progress)
            throws IOException {
        return read(engine, weights, prompts, steps, room, blockTokens, false, progress);
    }

    /**
     * Reads prompts and continues each by {@code steps} tokens.
     *
     * @param tokenStatistics whether a variant will want to know what each token weighs, as H2O does: that costs a second pass
     *     over all keys; without it, the first such variant has the prompts read once more
     */
    public static Prefix read(
            Engine engine,
            WeightSource weights,
            List<int[]> prompts,
            int steps,
            int room,
            int blockTokens,
            boolean tokenStatistics,
            PrefillListener progress)
            throws IOException {
        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
        int contextTokens = longest + room + 1;
        Prefix prefix = new Prefix(engine, weights, prompts, contextTokens, blockTokens);
        prefix.session = prefix.readPrompts(tokenStatistics, progress);
        prefix.tokenStatistics = tokenStatistics;
        try {
            prefix.goOn(steps);
        } catch (IOException | RuntimeException e) {
            prefix.close();
            throw e;
        }
        return prefix;
    }

    private BatchSession readPrompts(boolean withTokenStatistics, PrefillListener progress) throws IOException {
        int[] contexts = new int[prompts.size()];
        Arrays.fill(contexts, contextTokens);
        KvConfig everything = KvConfig.defaults().toBuilder()
                .selector(SelectorKind.FULL)
                .promptStatistics(true)
                .tokenStatistics(withTokenStatistics)
                .build();
        BatchSession opened = engine.openBatch(weights, everything, contexts, blockTokens);
        try {
            for (int sequence = 0; sequence < contexts.length; sequence++) {
                int[] prompt = prompts.get(sequence);
                int adopted = adopted(prompt);
                opened.prefill(
                        sequence, Arrays.copyOf(prompt, adopted), (done, total) -> progress.read(done, prompt.length));
                // Variants read the rest themselves, and learn from it.
                opened.cache(sequence).endStatistics();
                opened.prefill(
                        sequence,
                        Arrays.copyOfRange(prompt, adopted, prompt.length),
                        (done, total) -> progress.read(adopted + done, prompt.length));
            }
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
        return opened;
    }

    /** Tokens of a prompt that variants take over. */
    private static int adopted(int[] prompt) {
        return (prompt.length - OWN_TOKENS) / ChunkLayout.TOKENS * ChunkLayout.TOKENS;
    }

    private void goOn(int steps) throws IOException {
        int[] ids = new int[prompts.size()];
        for (int sequence = 0; sequence < ids.length; sequence++) {
            continuations.add(new int[steps + 1]);
        }
        for (int step = 0; step <= steps; step++) {
            for (int sequence = 0; sequence < ids.length; sequence++) {
                ids[sequence] = Sampler.argmax(session.logits(sequence));
                continuations.get(sequence)[step] = ids[sequence];
            }
            if (step < steps) {
                session.decode(ids);
            }
        }
    }

    /** Opens empty sequences with room for a prompt and what follows it. */
    public BatchSession openEmpty(KvConfig configuration, int batch) throws IOException {
        int[] contexts = new int[batch];
        Arrays.fill(contexts, contextTokens);
        return engine.openBatch(weights, configuration, contexts, blockTokens);
    }

    /** Lets empty sequences read the prompts themselves, the first as many as there are sequences. */
    public void readInto(BatchSession session, PrefillListener progress) throws IOException {
        for (int sequence = 0; sequence < session.sequences(); sequence++) {
            session.prefill(sequence, prompts.get(sequence), progress);
        }
    }

    /** Opens sequences that start where the prompts end; the first {@code batch} prompts. */
    public BatchSession open(KvConfig configuration, int batch) throws IOException {
        return open(configuration, batch, opened -> {});
    }

    /**
     * Opens sequences that start where the prompts end; the first {@code batch} prompts.
     *
     * @param empty is shown the sequences before they take anything over
     */
    public BatchSession open(KvConfig configuration, int batch, Consumer<BatchSession> empty) throws IOException {
        if (configuration.selector().learnsTokens() && !tokenStatistics) {
            BatchSession again = readPrompts(true, (done, total) -> {});
            session.close();
            session = again;
            tokenStatistics = true;
        }
        BatchSession opened = openEmpty(configuration, batch);
        try {
            empty.accept(opened);
            for (int sequence = 0; sequence < batch; sequence++) {
                int[] prompt = prompts.get(sequence);
                int adopted = adopted(prompt);
                opened.adopt(sequence, session, sequence, adopted);
                int[] rest = Arrays.copyOfRange(prompt, adopted, prompt.length);
                opened.prefill(sequence, rest, (done, total) -> {});
            }
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
        return opened;
    }

    /** The tokens that full attention chose behind a prompt. */
    public int[] continuation(int sequence) {
        return continuations.get(sequence);
    }

    /** Tokens that a sequence has room for. */
    public int contextTokens() {
        return contextTokens;
    }

    /** Bytes of the KV of {@code batch} sequences of that many tokens, in fp16. */
    public long kvBytes(int batch) {
        return weights.shape().kvBytesPerToken() * batch * contextTokens;
    }

    @Override
    public void close() {
        session.close();
    }
}
