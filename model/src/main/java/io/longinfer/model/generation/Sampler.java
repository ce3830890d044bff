package io.longinfer.model.generation;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws tokens from logits: top-k, then temperature, then top-p among what is left. The same seed draws the same tokens.
 * Not thread-safe.
 */
public final class Sampler {
    private final SamplingOptions options;
    private final SplittableRandom random;
    private long[] ranked = new long[0];

    public Sampler(SamplingOptions options) {
        this.options = options;
        random = new SplittableRandom(options.seed());
    }

    /** The likeliest token, the lowest of equals. */
    public static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    /** The next token. */
    public int next(float[] logits) {
        if (options.temperature() == 0f || options.topK() == 1) {
            return argmax(logits);
        }
        rank(logits);
        int kept = options.topK() == 0 ? logits.length : Math.min(options.topK(), logits.length);
        double largest = logits[token(0)];
        double total = 0;
        for (int i = 0; i < kept; i++) {
            total += weight(logits, i, largest);
        }
        double wanted = options.topP() * total;
        double nucleus = 0;
        int size = 0;
        while (size < kept && (size == 0 || nucleus < wanted)) {
            nucleus += weight(logits, size++, largest);
        }
        double drawn = random.nextDouble() * nucleus;
        for (int i = 0; i < size; i++) {
            drawn -= weight(logits, i, largest);
            if (drawn < 0) {
                return token(i);
            }
        }
        return token(size - 1);
    }

    private double weight(float[] logits, int rank, double largest) {
        return Math.exp((logits[token(rank)] - largest) / options.temperature());
    }

    /** Sorts tokens by falling logit; one long holds both: the logit's bits made sortable, and the token. */
    private void rank(float[] logits) {
        if (ranked.length != logits.length) {
            ranked = new long[logits.length];
        }
        for (int i = 0; i < logits.length; i++) {
            int bits = Float.floatToIntBits(logits[i]);
            int rising = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
            ranked[i] = (long) ~rising << 32 | i;
        }
        Arrays.sort(ranked);
    }

    private int token(int rank) {
        return (int) ranked[rank];
    }
}
