package io.longinfer.kernels.attention;

import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;

/**
 * Attention with the Vector API. Thread-safe: each thread has scratch of its own, which grows to the largest head and group
 * it has seen and then stays.
 */
public final class VectorAttentionKernels implements AttentionKernels {
    private final ScalarAttentionKernels scalar = new ScalarAttentionKernels();
    private final ThreadLocal<VectorDecode> decodes = ThreadLocal.withInitial(VectorDecode::new);
    private final ThreadLocal<VectorKeyScores> keyScores = ThreadLocal.withInitial(VectorKeyScores::new);
    private final ThreadLocal<VectorPrefill> prefills = ThreadLocal.withInitial(VectorPrefill::new);

    /** Whether this machine's vectors are wide enough; if not, take {@link ScalarAttentionKernels}. */
    public static boolean supported() {
        return Lanes.supported();
    }

    @Override
    public void decode(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int group,
            int position,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            float[] mass) {
        decodes.get().decode(layout, q, qOffset, group, position, chunks, state, stateRow, mass, 1);
    }

    @Override
    public void decodeByToken(
            ChunkLayout layout,
            float[] q,
            int qOffset,
            int group,
            int position,
            ChunkList chunks,
            AttentionState state,
            int stateRow,
            float[] weights) {
        decodes.get().decode(layout, q, qOffset, group, position, chunks, state, stateRow, weights, ChunkLayout.TOKENS);
    }

    @Override
    public void prefill(
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
            int stateStride) {
        prefills.get()
                .prefill(
                        layout,
                        q,
                        qOffset,
                        qStride,
                        group,
                        tokens,
                        firstPosition,
                        chunks,
                        state,
                        stateRow,
                        stateStride);
    }

    @Override
    public void addColumnSums(
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
            float[] sums) {
        prefills.get()
                .addColumnSums(
                        layout,
                        q,
                        qOffset,
                        qStride,
                        group,
                        tokens,
                        firstPosition,
                        chunks,
                        logSums,
                        logRow,
                        logStride,
                        sums);
    }

    @Override
    public void scores(
            int channels,
            float[] q,
            int qOffset,
            int group,
            MemorySegment keys,
            long offsetBytes,
            int chunks,
            float[] scores,
            int stride) {
        keyScores.get().scores(channels, q, qOffset, group, keys, offsetBytes, chunks, scores, stride);
    }

    @Override
    public void store(
            ChunkLayout layout,
            float[] keys,
            int keysOffset,
            float[] values,
            int valuesOffset,
            MemorySegment slot,
            long offsetBytes,
            int token) {
        // Keys scatter, one channel to a line: there is nothing to vectorise, and Float.floatToFloat16 is one
        // instruction.
        scalar.store(layout, keys, keysOffset, values, valuesOffset, slot, offsetBytes, token);
    }
}
