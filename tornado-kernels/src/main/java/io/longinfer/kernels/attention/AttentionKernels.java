package io.longinfer.kernels.attention;

import java.lang.foreign.MemorySegment;

/**
 * Attention of query rows over a list of chunks, continuing a running softmax. Rows of one call share a KV head.
 * Implementations keep scratch per thread only; calls on disjoint rows may run at once.
 *
 * <p>Queries are pre-scaled: a score is {@code q . k} as it stands, the caller has multiplied by 1/sqrt(headDim).
 */
public interface AttentionKernels {
    /**
     * Decode: the {@code group} query heads of one token over all of {@code chunks}; every token of every chunk is visible
     * but those at positions greater than {@code position}, those before the list's window, and those that a chunk's mask
     * leaves out.
     *
     * @param q {@code [group][headDim]} from {@code qOffset}
     * @param stateRow the state's row of the first query head; the others follow
     * @param mass {@code [group][chunks.size()]} from 0, or {@code null}: receives for each chunk the sum over its tokens of
     *     {@code exp(score - state.max)} with the row's max after this call
     */
    void decode(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int group,
            int position,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            float[] mass);

    /**
     * As {@link #decode}, and tells what each token weighs instead of each chunk.
     *
     * @param weights {@code [group][16 * chunks.size()]} from 0: receives {@code exp(score - state.max)} with the row's max after
     *     this call, 0 for a token that is not visible
     */
    void decodeByToken(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int group,
            int position,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            float[] weights);

    /**
     * Prefill: {@code tokens} consecutive tokens from {@code firstPosition}, {@code group} query heads each, over {@code
     * chunks}, causally: a key is visible to a query at its own or a later position, within the list's window. The list has
     * no masks.
     *
     * <p>Query row (t, g) is at {@code q[qOffset + t * qStride + g * headDim]} and is row {@code stateRow + t *
     * stateStride + g} of the state.
     */
    void prefill(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int qStride,
            int group,
            int tokens,
            int firstPosition,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            int stateStride);

    /**
     * What each key weighs for a block of queries that {@link #prefill} has attended, summed over them: the columns of the
     * attention matrix. A second pass over the keys, once all sums of exponentials are known; it costs about what the first half
     * of prefill does.
     *
     * <p>Query rows, chunks and visibility are as for {@link #prefill}; row (t, g) finds the logarithm of the sum of its {@code
     * exp(score)} over all that it attends at {@code logSums[logRow + t * logStride + g]}.
     *
     * @param sums by position from 0; those of the chunks' tokens are added to
     */
    void addColumnSums(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int qStride,
            int group,
            int tokens,
            int firstPosition,
            ChunkList chunks,
            float[] logSums,
            int logRow,
            int logStride,
            float[] sums);

    /**
     * Scores of {@code group} query heads over keys without values, chunk after chunk, each {@code [channels][16]} in
     * little-endian fp16: {@code scores[g * stride + 16 * c + t] = q_g . k_ct}.
     *
     * @param channels even; fewer than a head's where keys were projected to fewer
     * @param q {@code [group][channels]} from {@code qOffset}
     * @param offsetBytes where the first chunk's keys start in {@code keys}
     * @param scores {@code [group][stride]}; what lies behind the last chunk's scores of a row may be overwritten
     * @param stride at least {@code 16 * (chunks + 1)}
     */
    void scores(
            int channels,
            float[] q,
            int qOffset,
            int group,
            MemorySegment keys,
            long offsetBytes,
            int chunks,
            float[] scores,
            int stride);

    /**
     * Stores one token's key and value of one head into a chunk, rounding to fp16 to nearest even.
     *
     * @param slot memory of the chunk, {@code layout.sizeBytes()} from {@code offsetBytes}
     * @param token place in the chunk, 0 to 15
     */
    void store(
            ChunkLayout layout,
            float[] keys,
            int keysOffset,
            float[] values,
            int valuesOffset,
            MemorySegment slot,
            long offsetBytes,
            int token);
}
