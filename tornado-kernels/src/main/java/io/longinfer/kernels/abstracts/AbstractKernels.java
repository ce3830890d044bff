package io.longinfer.kernels.abstracts;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;

/** Making and scoring abstracts (LKA, system.md section 4). Stateless but for per-thread scratch. */
public interface AbstractKernels {
    /**
     * Writes the abstract of one closed chunk into its group.
     *
     * @param chunk keys of the chunk from {@code chunkOffset}, as {@link ChunkLayout} says
     * @param group the group's memory from {@code groupOffset}, as {@link AbstractLayout} says
     * @param index place of the chunk in its group, 0 to 15
     */
    void update(
            ChunkLayout layout,
            MemorySegment chunk,
            long chunkOffset,
            MemorySegment group,
            long groupOffset,
            int index);

    /**
     * Upper bounds of the scores of {@code heads} query heads over {@code groups} consecutive groups: {@code U(q,C) = sum_j
     * max(q_j min_j, q_j max_j)}, so that no token of C scores higher.
     *
     * @param abstracts {@code [groups]} from {@code offsetBytes}, contiguous
     * @param q {@code [heads][headDim]} from {@code qOffset}
     * @param upper receives {@code [heads][stride]} from {@code upperOffset}: the bounds of {@code groups * 16} chunks
     *     each; entries of chunks that do not exist yet are meaningless
     */
    void upperBounds(
            AbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] upper,
            int upperOffset,
            int stride);

    /** Lower bounds, {@code L(q,C) = sum_j min(q_j min_j, q_j max_j)}; parameters as for {@link #upperBounds}. */
    void lowerBounds(
            AbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] lower,
            int lowerOffset,
            int stride);

    /**
     * Upper bounds over groups of 8 bits; otherwise as for fp16 groups. No greater, not even by rounding, than those of an
     * fp16 box around the decoded one, so that parents bound their children.
     *
     * @param abstracts {@code [groups]} from {@code offsetBytes}, contiguous, as {@link ByteAbstractLayout} says
     */
    void upperBounds(
            ByteAbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] upper,
            int upperOffset,
            int stride);

    /**
     * Scores of the chunks of one group by the tokens in them: of each chunk and head the greatest score that its tokens are
     * taken to have, and no more than the chunk's upper bound.
     *
     * @param group the group from {@code groupOffset}, as {@link AbstractLayout} says
     * @param codes of the same chunks from {@code codesOffset}, as {@link TokenCodeLayout} says
     * @param q {@code [heads][headDim]} from {@code qOffset}
     * @param scores receives {@code [heads][stride]} from 0, 16 of each row; entries of chunks that do not exist yet are meaningless
     */
    void tokenScores(
            AbstractLayout layout,
            MemorySegment group,
            long groupOffset,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride);

    /** The same over a group of 8 bits. */
    void tokenScores(
            ByteAbstractLayout layout,
            MemorySegment group,
            long groupOffset,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride);
}
