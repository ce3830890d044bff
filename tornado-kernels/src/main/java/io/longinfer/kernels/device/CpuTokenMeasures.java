package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionState;
import java.util.Objects;

/** Measures of single tokens on the processor; a part of {@link CpuSession}. Not thread-safe. */
final class CpuTokenMeasures implements TokenMeasures {
    private final DecoderShape shape;
    private final PastAttention past;
    private final BlockAttention blockAttention;
    private final OpenChunks openChunks;
    private final AttentionState state;
    private Block block = new Block();

    CpuTokenMeasures(
            DecoderShape shape,
            PastAttention past,
            BlockAttention blockAttention,
            OpenChunks openChunks,
            AttentionState state) {
        this.shape = shape;
        this.past = past;
        this.blockAttention = blockAttention;
        this.openChunks = openChunks;
        this.state = state;
    }

    void begin(Block block) {
        this.block = block;
    }

    @Override
    public void record(boolean on) {
        past.recordTokens(on);
        blockAttention.recordTokens(on);
    }

    @Override
    public void masses(int segment, int call, int kvHead, int index, float[] target, int offset) {
        past.tokenMasses(check(segment), call, kvHead, index, state, row(segment), target, offset);
    }

    @Override
    public void openMasses(int segment, int kvHead, float[] target, int offset) {
        blockAttention.openMasses(check(segment), kvHead, target, offset);
    }

    @Override
    public void logSums(int segment, float[] target) {
        int first = row(check(segment));
        for (int i = 0; i < block.rows(segment) * shape.heads(); i++) {
            target[i] = state.max()[first + i] + (float) Math.log(state.sum()[first + i]);
        }
    }

    @Override
    public int position(int segment) {
        return block.position(check(segment));
    }

    @Override
    public ClosedChunks openChunk(int segment) {
        return openChunks.openChunk(check(segment));
    }

    /** The state's row of a segment's first query head. */
    private int row(int segment) {
        return block.firstRow(segment) * shape.heads();
    }

    private int check(int segment) {
        return Objects.checkIndex(segment, block.segments());
    }
}
