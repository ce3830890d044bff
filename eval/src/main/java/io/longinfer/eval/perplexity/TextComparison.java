package io.longinfer.eval.perplexity;

import io.longinfer.eval.comparison.Contender;
import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.perplexity.TextRun.Listener;
import io.longinfer.eval.report.LogitsWriter;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A text, read in windows by several ways to manage KV: the dense part of each window is read once, with all KV on the device; every
 * contender takes that KV over and reads the rest of the window token by token, by the same code whose steps are timed elsewhere.
 * Not thread-safe.
 */
public final class TextComparison {
    private final Engine engine;
    private final WeightSource weights;
    private final int blockTokens;

    /** @param blockTokens tokens of a prompt that go through the layers together */
    public TextComparison(Engine engine, WeightSource weights, int blockTokens) {
        this.engine = engine;
        this.weights = weights;
        this.blockTokens = blockTokens;
    }

    /**
     * Lets the contenders, in their order, read the windows one by one; a result each.
     *
     * @param windows with at least one token that is read as a prompt
     * @param progress told of tokens read one by one, by all contenders together
     */
    public List<TextResult> of(int[] ids, Windows windows, List<Contender> contenders, Listener progress)
            throws IOException {
        if (windows.dense() < 1) {
            throw new IllegalArgumentException("contenders start behind a prompt of at least 1 token, not 0");
        }
        List<TextResult.Builder> results = new ArrayList<>();
        contenders.forEach(contender -> results.add(new TextResult.Builder(contender.variant())));
        boolean tokenStatistics =
                contenders.stream().anyMatch(contender -> contender.variant().learnsTokens());
        int total = 0;
        for (Windows.Window window : windows.list()) {
            total += contenders.size() * (window.end() - window.first() - windows.dense());
        }
        int done = 0;
        for (Windows.Window window : windows.list()) {
            int[] prompt = Arrays.copyOfRange(ids, window.first(), window.first() + windows.dense());
            // As much room for each, so that budgets that are shares are the same in a shorter last window.
            int room = windows.window() - windows.dense();
            try (Prefix prefix = Prefix.read(
                    engine, weights, List.of(prompt), 0, room, blockTokens, tokenStatistics, (some, all) -> {})) {
                for (int i = 0; i < contenders.size(); i++) {
                    KvConfig configuration = contenders.get(i).configuration().apply(prefix);
                    decode(prefix, configuration, ids, windows.dense(), window, results.get(i));
                    done += window.end() - window.first() - windows.dense();
                    progress.read(done, total);
                }
            }
        }
        return results.stream().map(TextResult.Builder::build).toList();
    }

    private static void decode(
            Prefix prefix,
            KvConfig configuration,
            int[] ids,
            int dense,
            Windows.Window window,
            TextResult.Builder result)
            throws IOException {
        try (BatchSession session = prefix.open(configuration, 1)) {
            session.cache(0).resetMetrics();
            int[] token = new int[1];
            for (int at = window.first() + dense; at < window.end(); at++) {
                token[0] = ids[at];
                long start = System.nanoTime();
                session.decode(token);
                result.addStep(System.nanoTime() - start);
                if (at + 1 >= window.scored()) {
                    result.add(
                            at + 1 - window.first(),
                            LogitsWriter.negativeLogLikelihood(session.logits(0), ids[at + 1]));
                }
            }
            result.add(configuration, prefix.contextTokens(), session.cache(0).metrics());
        }
    }
}
