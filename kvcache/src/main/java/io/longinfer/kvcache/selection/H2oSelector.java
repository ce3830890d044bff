package io.longinfer.kvcache.selection;

import io.longinfer.kernels.device.DecoderShape;

/**
 * H2O (arXiv 2306.14048): the most recent tokens and the heavy hitters, those that have received the most attention from all
 * queries since the prompt's start; half of the budget each, as in the paper. A token that is evicted never comes back. Where
 * ours differs:
 *
 * <ul>
 *   <li>The budget is as many tokens as every other selector attends, sinks and recent tokens among them: it grows with the
 *       context. Sinks are not kept apart; they are heavy hitters by themselves. The first layers have their own ratio, as with
 *       every selector here; {@code --first-layers 0} treats all alike, as the paper does.
 *   <li>Each KV head keeps its own tokens, as in the paper; with grouped queries the heads of a group share them, by the mean of
 *       their attention.
 *   <li>Tokens cease to be recent, and are evicted, 16 at a time when a chunk closes; the open chunk comes on top, as with every
 *       selector here. Prompts, the later ones of a conversation too, are read with everything attended; eviction follows.
 *   <li>Tokens lie and move in chunks of 16: bytes are those of all chunks that have a token left. Chunks without one are never
 *       read again, but keep their place on disk.
 * </ul>
 *
 * <p>What is attended does not depend on queries, so that reading ahead guesses right. Used by one thread; owns nothing.
 */
public final class H2oSelector implements Selector {
    private final SelectionBudget budget;
    private final HeavyHitters tokens;

    /**
     * A selector for one sequence.
     *
     * @param masses of the sequence, kept by the owner
     */
    public H2oSelector(SelectionBudget budget, DecoderShape shape, int chunksPerHead, TokenMasses masses) {
        this.budget = budget;
        tokens = new HeavyHitters(shape.layers(), shape.kvHeads(), chunksPerHead, 1, masses);
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
        tokens.select(layer, chunks, attendedChunks(layer, chunks), selection);
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
        tokens.reset();
    }
}
