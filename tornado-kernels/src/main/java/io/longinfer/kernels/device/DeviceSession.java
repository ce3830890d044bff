package io.longinfer.kernels.device;

import java.util.Optional;

/**
 * Some sequences on a device: their activations, and in each layer the open chunk of each sequence (its newest tokens, fewer
 * than 16, whose chunk is not full). The caller goes through the layers in order:
 *
 * <pre>
 * begin(block)
 * for each layer:
 *     project(layer)                           norm, query, key, value, RoPE; appends to the open chunks
 *     attend(layer, segment, pool, table) ...  0 to n times for each segment: closed chunks of its past
 *     finish(layer)                            the segments themselves and the open chunks (causal), output projection,
 *                                              feed-forward
 *     closedChunks(segment)                    what the block filled
 * logits(...)
 * </pre>
 *
 * <p>Pools that it attends are reserved with {@link #allocatePool} before its first block, and closed before it is.
 *
 * <p>What is computed of a segment of one token in a block of such segments does not depend, to the bit, on the others; it
 * depends on the order of its calls of {@link #attend} and of their tables' entries, but not on slots, threads or time. Not
 * thread-safe. Use after close throws.
 */
public interface DeviceSession extends KvPoolSource, AutoCloseable {
    /** The model's shape. */
    DecoderShape shape();

    /** Most tokens of a block, all segments together. */
    int maxBlockTokens();

    /** Sequences that there is room for. */
    int sequences();

    /**
     * Starts a block: looks the embeddings up.
     *
     * @throws IllegalArgumentException if the block or a segment is empty, the block is too long, names a sequence twice or one
     *     that the session has not, or a token outside the vocabulary
     * @throws IllegalStateException if a segment's position does not continue its sequence
     */
    void begin(Block block);

    /** First stage of a layer. */
    void project(int layer);

    /** Segments of the block. */
    int segments();

    /** Row of a segment's first token. */
    int firstRow(int segment);

    /** Tokens of a segment; its rows are contiguous. */
    int rows(int segment);

    /** {@code [rows][heads][headDim]} of the layer last projected: queries after RoPE, times 1/sqrt(headDim). */
    float[] queries();

    /**
     * Guesses queries of {@code layer} from the hidden state that entered the layer before, as InfiniGen does: with this
     * layer's norm and query projection, RoPE and scale included. Callable from {@code project(layer - 1)} to {@code
     * finish(layer - 1)}; changes nothing that the layers compute.
     *
     * @return {@code [segments][heads][headDim]} of each segment's last row, valid until the next call
     * @throws IllegalStateException if {@code layer - 1} is not the layer last projected, or is finished
     */
    float[] predictQueries(int layer);

    /**
     * Attends closed chunks of a segment's past; every entry of the table lies before the segment's first token. Slots and
     * table may be used for others when this returns.
     */
    void attend(int layer, int segment, KvPool pool, BlockTable table);

    /** Attends the open chunks and the block itself, merges, and computes the rest of the layer. */
    void finish(int layer);

    /** Whether calls of {@link #attend} of segments of one token from now on measure what each chunk weighs. */
    void recordMass(boolean record);

    /**
     * After {@link #finish}: the attention mass of entry {@code index} of the table of the {@code call}-th {@link #attend} of a
     * segment of one token in this layer, averaged over the query heads of {@code kvHead}; the masses of all entries and of
     * the open chunk sum to 1.
     *
     * @throws IllegalStateException if that call was not recorded
     */
    float mass(int segment, int call, int kvHead, int index);

    /** What it tells of single tokens; empty on a device that tells of whole chunks only. */
    default Optional<TokenMeasures> tokenMeasures() {
        return Optional.empty();
    }

    /** The chunks that a segment filled in the layer last projected. */
    ClosedChunks closedChunks(int segment);

    /**
     * Logits of consecutive rows of the block, after the last layer.
     *
     * @param firstRow the first of them
     * @param count how many, at least 1
     * @param logits {@code [count][vocabulary]}
     */
    void logits(int firstRow, int count, float[] logits);

    /**
     * Lets an empty sequence go on at {@code position}: its past lies in closed chunks that the caller has.
     *
     * @param position a multiple of 16
     * @throws IllegalArgumentException if it is none
     */
    void resume(int sequence, int position);

    /** Forgets all sequences; their next tokens start at position 0. */
    void reset();

    /** Forgets one sequence; its next token starts at position 0. A block that it was part of is over. */
    void reset(int sequence);

    @Override
    void close();
}
