package io.longinfer.kvcache.selection;

/**
 * StreamingLLM (arXiv 2309.17453): the first tokens, which soak up attention, and the most recent ones; what lies between is
 * out of sight for good. Where ours differs:
 *
 * <ul>
 *   <li>Sinks and window hold as many tokens as every other selector attends: the window is the recent tokens together with
 *       what others choose, so that it grows with the context instead of having a fixed size. The first layers have their own
 *       ratio, as with every selector here; {@code --first-layers 0} gives all layers the same window, as in the paper.
 *   <li>Positions stay those of the text: the paper renumbers tokens within the cache, which matters beyond the length that a
 *       model was trained for.
 *   <li>The window begins with a chunk of 16 tokens; the open chunk comes on top, as with every selector here.
 * </ul>
 *
 * <p>What is attended does not depend on queries. Stateless.
 */
public record StreamingSelector(SelectionBudget budget) implements Selector {
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
        int sinks = budget.sinkChunks();
        int window = attendedChunks(layer, chunks) - sinks;
        for (int head = 0; head < selection.kvHeads(); head++) {
            selection.clear(head);
            for (int chunk = 0; chunk < chunks; chunk++) {
                if (chunk < sinks || chunk >= chunks - window) {
                    selection.add(head, chunk);
                }
            }
        }
    }

    @Override
    public boolean asksQueries() {
        return false;
    }

    @Override
    public void guess(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        select(layer, chunks, queries, queryOffset, selection);
    }
}
