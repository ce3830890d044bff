package io.longinfer.kvcache.selection;

import io.longinfer.kernels.attention.ChunkLayout;
import java.util.Arrays;

/**
 * Chunks that each KV head attends, in ascending order, and which tokens of each. Reused from step to step. KV heads may be
 * filled by several threads.
 */
public final class Selection {
    private final int[][] chunks;
    private final int[][] masks;
    private final int[] sizes;

    /**
     * An empty selection.
     *
     * @param chunksPerHead most chunks that a head can have
     */
    public Selection(int kvHeads, int chunksPerHead) {
        chunks = new int[kvHeads][chunksPerHead];
        masks = new int[kvHeads][chunksPerHead];
        sizes = new int[kvHeads];
    }

    /** Empties the list of one head. */
    public void clear(int kvHead) {
        sizes[kvHead] = 0;
    }

    /** Adds a chunk, greater than those before it. */
    public void add(int kvHead, int chunk) {
        add(kvHead, chunk, ChunkLayout.ALL_TOKENS);
    }

    /**
     * Adds some tokens of a chunk that is greater than those before it.
     *
     * @param mask bit {@code t} for the chunk's token {@code t}; not 0
     */
    public void add(int kvHead, int chunk, int mask) {
        masks[kvHead][sizes[kvHead]] = mask;
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
        Arrays.fill(masks[kvHead], 0, size, ChunkLayout.ALL_TOKENS);
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

    /** The tokens that are attended of the chunk at {@code index} of a head, a bit each. */
    public int mask(int kvHead, int index) {
        return masks[kvHead][index];
    }

    /** Tokens that are attended, of all heads. */
    public long tokens() {
        long total = 0;
        for (int head = 0; head < sizes.length; head++) {
            for (int i = 0; i < sizes[head]; i++) {
                total += Integer.bitCount(masks[head][i]);
            }
        }
        return total;
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
