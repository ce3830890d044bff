package io.longinfer.kernels.device;

/**
 * One sequence on a device: its activations, and in each layer the open chunk (the newest tokens, fewer than 16, whose
 * chunk is not full). The caller goes through the layers in order:
 *
 * <pre>
 * begin(tokens, position)
 * for each layer:
 *     project(layer)                  norm, query, key, value, RoPE; appends to the open chunk
 *     attend(layer, pool, table) ...  0 to n times: closed chunks of the past, any order
 *     finish(layer)                   the block itself and the open chunk (causal), output projection, feed-forward
 *     closedChunks()                  what the block filled
 * logits(...)
 * </pre>
 *
 * <p>Not thread-safe. Use after close throws.
 */
public interface DeviceSession extends AutoCloseable {
    /** The model's shape. */
    DecoderShape shape();

    /** Most tokens of a block. */
    int maxBlockTokens();

    /**
     * Starts a block: looks the embeddings up.
     *
     * @param position position of the block's first token: the number of tokens seen before
     * @throws IllegalArgumentException if the block is empty, too long, or names a token outside the vocabulary
     * @throws IllegalStateException if {@code position} does not continue the sequence
     */
    void begin(int[] tokens, int from, int count, int position);

    /** First stage of a layer. */
    void project(int layer);

    /** Tokens of the block. */
    int blockTokens();

    /** {@code [blockTokens][heads][headDim]} of the layer last projected: queries after RoPE, times 1/sqrt(headDim). */
    float[] queries();

    /** Attends closed chunks of the past; every entry of the table lies before the block's first token. */
    void attend(int layer, KvPool pool, BlockTable table);

    /**
     * Attends the open chunk and the block itself, merges, and computes the rest of the layer.
     */
    void finish(int layer);

    /**
     * Asks that {@link #attend} of blocks of one token measure what each chunk weighs, for {@link #mass}.
     */
    void recordMass(boolean record);

    /**
     * After {@link #finish} of a one-token block with {@link #recordMass} on: the attention mass of entry {@code index} of
     * the table of the {@code call}-th {@link #attend} of this layer, averaged over the query heads of {@code kvHead}; the
     * masses of all entries and of the open chunk sum to 1.
     */
    float mass(int call, int kvHead, int index);

    /** The chunks that the block filled in the layer last projected. */
    ClosedChunks closedChunks();

    /**
     * Logits of consecutive tokens of the block, after the last layer.
     *
     * @param first place in the block of the first of them
     * @param count how many, at least 1
     * @param logits {@code [count][vocabulary]}
     */
    void logits(int first, int count, float[] logits);

    /** Forgets the sequence; the next block starts at position 0. */
    void reset();

    @Override
    void close();
}
