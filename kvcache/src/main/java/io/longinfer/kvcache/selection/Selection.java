package io.longinfer.kvcache.selection;

/** Chunks that each KV head attends, in ascending order. Reused from step to step. KV heads may be filled by several threads. */
public final class Selection {
    private final int[][] chunks;
    private final int[] sizes;

    /**
     * An empty selection.
     *
     * @param chunksPerHead most chunks that a head can have
     */
    public Selection(int kvHeads, int chunksPerHead) {
        chunks = new int[kvHeads][chunksPerHead];
        sizes = new int[kvHeads];
    }

    /** Empties the list of one head. */
    public void clear(int kvHead) {
        sizes[kvHead] = 0;
    }

    /** Adds a chunk, greater than those before it. */
    public void add(int kvHead, int chunk) {
        chunks[kvHead][sizes[kvHead]++] = chunk;
    }

    /** Lets a head attend all of the first {@code count} chunks. */
    public void all(int kvHead, int count) {
        range(kvHead, 0, count);
    }

    /** Lets a head attend all chunks from {@code first} to before {@code end}. */
    public void range(int kvHead, int first, int end) {
        int size = 0;
        for (int chunk = first; chunk < end; chunk++) {
            chunks[kvHead][size++] = chunk;
        }
        sizes[kvHead] = size;
    }

    /** KV heads. */
    public int kvHeads() {
        return sizes.length;
    }

    /** Chunks of a head. */
    public int size(int kvHead) {
        return sizes[kvHead];
    }

    /** The chunk at {@code index} of a head. */
    public int chunk(int kvHead, int index) {
        return chunks[kvHead][index];
    }

    /** Chunks of all heads. */
    public int total() {
        int total = 0;
        for (int size : sizes) {
            total += size;
        }
        return total;
    }
}
