package io.longinfer.model.generation;

/**
 * How the next token is drawn.
 *
 * @param temperature logits are divided by it; 0 always takes the likeliest token
 * @param topP only the likeliest tokens that together have at least this probability, 1 for all
 * @param topK only the that many likeliest tokens, 0 for all
 * @param seed of the random numbers
 */
public record SamplingOptions(float temperature, float topP, int topK, long seed) {
    /** Always the likeliest token. */
    public static final SamplingOptions GREEDY = new SamplingOptions(0f, 1f, 0, 0L);

    public SamplingOptions {
        if (!(temperature >= 0f) || temperature == Float.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("temperature is a number of at least 0, not " + temperature);
        }
        if (!(topP > 0f && topP <= 1f)) {
            throw new IllegalArgumentException("top-p lies above 0 and up to 1, not at " + topP);
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top-k is at least 0 (all tokens), not " + topK);
        }
    }
}
