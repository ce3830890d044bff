package io.longinfer.eval.perplexity;

import io.longinfer.eval.report.LogitsWriter;
import io.longinfer.model.generation.InferenceSession;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * A text read in windows.
 *
 * @param likelihoods of the scored tokens
 * @param readTokens tokens that went through the model
 * @param nanos that this took
 */
public record TextRun(Likelihoods likelihoods, long readTokens, long nanos) {
    /** Learns how much is read. */
    @FunctionalInterface
    public interface Listener {
        /** {@code done} of {@code total} tokens are read. */
        void read(int done, int total);
    }

    /** Reads the windows one after the other, each from an empty sequence. */
    public static TextRun of(InferenceSession session, int[] ids, Windows windows, Listener progress)
            throws IOException {
        List<Windows.Window> list = windows.list();
        int total =
                list.stream().mapToInt(window -> window.end() - window.first()).sum();
        Likelihoods likelihoods = new Likelihoods();
        long start = System.nanoTime();
        int before = 0;
        for (Windows.Window window : list) {
            int[] part = Arrays.copyOfRange(ids, window.first(), window.end());
            int done = before;
            session.reset();
            session.forEachPosition(part, Math.min(windows.dense(), part.length), (index, logits) -> {
                int token = window.first() + index + 1;
                if (token >= window.scored()) {
                    likelihoods.add(index + 1, LogitsWriter.negativeLogLikelihood(logits, ids[token]));
                }
                progress.read(done + index + 1, total);
            });
            before += part.length;
        }
        return new TextRun(likelihoods, total, System.nanoTime() - start);
    }

    /** Read tokens a second, those of the prompts among them. */
    public double tokensPerSecond() {
        return readTokens * 1e9 / nanos;
    }
}
