package io.longinfer.model.generation;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** Reads a prompt and continues it. Stateless. */
public final class Generator {
    private Generator() {}

    /** Takes tokens as they are made. */
    @FunctionalInterface
    public interface TokenListener {
        /** One more token. */
        void token(int token) throws IOException;
    }

    /**
     * Reads {@code prompt} into the session and makes up to {@code maxNewTokens} tokens.
     *
     * @param stop tokens that end the answer; they are not part of it
     */
    public static GenerationResult generate(
            InferenceSession session,
            int[] prompt,
            int maxNewTokens,
            Sampler sampler,
            IntPredicate stop,
            InferenceSession.PrefillListener progress,
            TokenListener listener)
            throws IOException {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt holds no token to continue");
        }
        long start = System.nanoTime();
        session.prefill(prompt, progress);
        int[] tokens = new int[maxNewTokens];
        long[] nanos = new long[maxNewTokens];
        int made = 0;
        int steps = 0;
        int token = sampler.next(session.logits());
        long last = System.nanoTime();
        final long timeToFirstToken = last - start;
        StopReason reason = StopReason.MAX_TOKENS;
        while (made < maxNewTokens) {
            if (stop.test(token)) {
                reason = StopReason.END_OF_GENERATION;
                break;
            }
            tokens[made++] = token;
            listener.token(token);
            if (made == maxNewTokens) {
                break;
            }
            if (session.tokens() == session.contextTokens()) {
                reason = StopReason.CONTEXT_FULL;
                break;
            }
            session.decode(token);
            token = sampler.next(session.logits());
            long now = System.nanoTime();
            nanos[steps++] = now - last;
            last = now;
        }
        return new GenerationResult(
                Arrays.copyOf(tokens, made), prompt.length, timeToFirstToken, Arrays.copyOf(nanos, steps), reason);
    }
}
