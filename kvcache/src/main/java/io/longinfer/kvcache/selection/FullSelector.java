package io.longinfer.kvcache.selection;

/** Full attention: every chunk, always. Stateless. */
public record FullSelector() implements Selector {
    @Override
    public boolean chooses(int layer, int chunks) {
        return false;
    }

    @Override
    public int attendedChunks(int layer, int chunks) {
        return chunks;
    }

    @Override
    public void select(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        for (int head = 0; head < selection.kvHeads(); head++) {
            selection.all(head, chunks);
        }
    }

    @Override
    public void guess(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        select(layer, chunks, queries, queryOffset, selection);
    }
}
