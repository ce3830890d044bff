package io.longinfer.kvcache.selection;

/** Full attention: every chunk, always. Stateless. */
public record FullSelector() implements Selector {
    @Override
    public boolean needsScores(int layer) {
        return false;
    }

    @Override
    public boolean chooses(int layer, int chunks) {
        return false;
    }

    @Override
    public void select(int layer, int kvHead, int chunks, float[] bounds, int offset, int stride, Selection selection) {
        selection.all(kvHead, chunks);
    }
}
