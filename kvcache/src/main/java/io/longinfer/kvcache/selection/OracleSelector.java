package io.longinfer.kvcache.selection;

import io.longinfer.kernels.device.DecoderShape;

/**
 * The chunks with the greatest true attention mass: no choice of as many chunks has a greater recall. A diagnostic that shows
 * what chunks and budget cost by themselves, and how far other selectors are from the best. It looks at all keys, so that its
 * latency means nothing. Used by one thread; owns nothing.
 */
public final class OracleSelector implements Selector {
    private final SelectionBudget budget;
    private final DecoderShape shape;
    private final TrueMasses masses;

    /** {@code [chunks]} of one head. */
    private final float[] values;

    private final float[] scratch;

    /** A selector for one sequence. */
    public OracleSelector(SelectionBudget budget, DecoderShape shape, int chunksPerHead, TrueMasses masses) {
        this.budget = budget;
        this.shape = shape;
        this.masses = masses;
        values = new float[chunksPerHead];
        scratch = new float[chunksPerHead];
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
        masses.weigh(layer, queries, queryOffset);
        int chosen = budget.chosenChunks(layer, chunks);
        for (int head = 0; head < shape.kvHeads(); head++) {
            choose(head, chunks, chosen, selection);
        }
    }

    private void choose(int head, int chunks, int chosen, Selection selection) {
        int from = budget.sinkChunks();
        int to = chunks - budget.recentChunks();
        for (int chunk = from; chunk < to; chunk++) {
            values[chunk - from] = masses.mass(head, chunk);
        }
        float least = Float.POSITIVE_INFINITY;
        int equal = 0;
        if (chosen > 0) {
            least = LargestValues.smallestOf(values, to - from, chosen, scratch);
            equal = chosen;
            for (int i = 0; i < to - from; i++) {
                equal -= values[i] > least ? 1 : 0;
            }
        }
        selection.clear(head);
        for (int chunk = 0; chunk < chunks; chunk++) {
            boolean always = chunk < from || chunk >= to;
            // Of equal ones, the oldest.
            if (always || values[chunk - from] > least || (values[chunk - from] == least && equal-- > 0)) {
                selection.add(head, chunk);
            }
        }
    }

    @Override
    public void guess(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        select(layer, chunks, queries, queryOffset, selection);
    }
}
