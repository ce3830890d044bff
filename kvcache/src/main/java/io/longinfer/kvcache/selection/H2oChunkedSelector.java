package io.longinfer.kvcache.selection;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;

/**
 * H2O (arXiv 2306.14048) with chunks of 16 tokens in place of tokens: a chunk's attention is the sum of its tokens', and a chunk
 * is kept or evicted as a whole. It moves no byte that is not attended, at the price of keeping a heavy hitter's neighbours.
 * Everything else, and where it differs from the paper, is as in {@link H2oSelector}. Used by one thread; owns nothing.
 */
public final class H2oChunkedSelector implements Selector {
    private final SelectionBudget budget;
    private final HeavyHitters hitters;

    /**
     * A selector for one sequence.
     *
     * @param masses of the sequence, kept by the owner
     */
    public H2oChunkedSelector(SelectionBudget budget, DecoderShape shape, int chunksPerHead, TokenMasses masses) {
        this.budget = budget;
        hitters = new HeavyHitters(shape.layers(), shape.kvHeads(), chunksPerHead, ChunkLayout.TOKENS, masses);
    }

    @Override
    public boolean chooses(int layer, int chunks) {
        return attendedChunks(layer, chunks) < chunks;
    }

    @Override
    public int attendedChunks(int layer, int chunks) {
        return budget.attendedChunks(layer, chunks);
    }

    @Override
    public void select(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        hitters.select(layer, chunks, attendedChunks(layer, chunks), selection);
    }

    @Override
    public boolean asksQueries() {
        return false;
    }

    @Override
    public void guess(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        // Evicts what select would, a little earlier: nothing is learned of the layer between them.
        select(layer, chunks, queries, queryOffset, selection);
    }

    @Override
    public void reset() {
        hitters.reset();
    }
}
