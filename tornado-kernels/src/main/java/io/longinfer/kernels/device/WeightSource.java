package io.longinfer.kernels.device;

import io.longinfer.kernels.quantization.WeightMatrix;

/**
 * Hands a session the weights of a decoder as it needs them: {@link DecoderWeights} have them all in memory, others may fetch
 * them layer by layer. For one session that computes at a time; results do not depend, to the bit, on where weights lie.
 */
public interface WeightSource {
    /** The decoder's shape. */
    DecoderShape shape();

    /**
     * The weights of a layer, after waiting for them. Those of other layers, and bands of the output matrix, are over then.
     */
    DecoderWeights.Layer layer(int layer);

    /**
     * What guesses the queries of the layer behind the current one: norms, biases and the query matrix of {@code layer}, its
     * other matrices perhaps not there yet. Leaves the current layer valid.
     */
    DecoderWeights.Layer queryOf(int layer);

    /**
     * Dequantises a token's row of the embedding.
     *
     * @param target {@code [width]} from {@code at}
     */
    void embedding(int token, float[] target, int at);

    /**
     * Dequantises a row of the table of learned positions, if there is one.
     *
     * @param row offset included
     * @param target {@code [width]} from {@code at}
     */
    void position(int row, float[] target, int at);

    /** {@code [width]}: the last norm. */
    float[] outputNorm();

    /** {@code [width]}, or empty for none. */
    float[] outputNormBias();

    /** Ranges of rows in which the output matrix is handed over, at least 1. */
    int outputBands();

    /** A range of rows of the output matrix, after waiting for it; layers and other bands are over then. */
    WeightMatrix outputBand(int band);
}
