package io.longinfer.kvcache.selection;

/**
 * Chooses the chunks with the greatest scores. Where several query heads share a KV head, their bounds are normalised first
 * (softmax over the chunks), or one head with a large norm would decide alone. Equal scores go to the lower index.
 *
 * <p>Calls for different KV heads may run at once; no call allocates.
 */
public final class TopKSelector implements Selector {
    private final SelectionBudget budget;
    private final GroupRule rule;
    private final int group;
    private final float[][] scratch;

    /**
     * A selector for one sequence.
     *
     * @param group query heads that share a KV head
     * @param chunksPerHead most chunks that a head can have
     */
    public TopKSelector(SelectionBudget budget, GroupRule rule, int kvHeads, int group, int chunksPerHead) {
        this.budget = budget;
        this.rule = rule;
        this.group = group;
        scratch = new float[kvHeads][chunksPerHead];
    }

    @Override
    public boolean needsScores(int layer) {
        return budget.ratio(layer) < 1;
    }

    @Override
    public boolean chooses(int layer, int chunks) {
        return budget.attendedChunks(layer, chunks) < chunks;
    }

    @Override
    public void select(int layer, int kvHead, int chunks, float[] bounds, int offset, int stride, Selection selection) {
        if (!chooses(layer, chunks)) {
            selection.all(kvHead, chunks);
            return;
        }
        int sinks = budget.sinkChunks();
        int recent = chunks - budget.recentChunks();
        int chosen = budget.chosenChunks(layer, chunks);
        GroupScores.combine(rule, bounds, offset, stride, group, chunks);
        selection.clear(kvHead);
        for (int chunk = 0; chunk < sinks; chunk++) {
            selection.add(kvHead, chunk);
        }
        if (chosen > 0) {
            choose(kvHead, bounds, offset, sinks, recent, chosen, selection);
        }
        for (int chunk = recent; chunk < chunks; chunk++) {
            selection.add(kvHead, chunk);
        }
    }

    /** The {@code chosen} best of chunks {@code from} to {@code to - 1}, of which there are more than that. */
    private void choose(int kvHead, float[] scores, int offset, int from, int to, int chosen, Selection selection) {
        float[] values = scratch[kvHead];
        int count = to - from;
        System.arraycopy(scores, offset + from, values, 0, count);
        float threshold = PartialSelection.kthLargest(values, count, chosen);
        int above = 0;
        for (int chunk = from; chunk < to; chunk++) {
            above += scores[offset + chunk] > threshold ? 1 : 0;
        }
        int ties = chosen - above;
        for (int chunk = from; chunk < to; chunk++) {
            float score = scores[offset + chunk];
            if (score > threshold) {
                selection.add(kvHead, chunk);
            } else if (score == threshold && ties > 0) {
                selection.add(kvHead, chunk);
                ties--;
            }
        }
    }
}
