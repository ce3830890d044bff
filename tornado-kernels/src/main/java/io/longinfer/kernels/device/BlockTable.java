package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;
import java.util.Arrays;

/**
 * Which slots of a {@link KvPool} each KV head attends, at which positions their tokens stand, and which of these count. Chunks in it are closed
 * and lie wholly before every query. Reused from call to call. Not thread-safe.
 */
public final class BlockTable {
    private final int[][] slots;
    private final int[][] chunks;
    private final int[][] masks;
    private final int[] sizes;

    public BlockTable(int kvHeads) {
        slots = new int[kvHeads][64];
        chunks = new int[kvHeads][64];
        masks = new int[kvHeads][64];
        sizes = new int[kvHeads];
    }

    /** Empties the table. */
    public void clear() {
        Arrays.fill(sizes, 0);
    }

    /** Lets {@code kvHead} attend the chunk of that index (its first token stands at 16 times it), found in {@code slot}. */
    public void add(int kvHead, int chunk, int slot) {
        add(kvHead, chunk, slot, ChunkLayout.ALL_TOKENS);
    }

    /**
     * Lets {@code kvHead} attend some tokens of a chunk. Only segments of one token may.
     *
     * @param mask bit {@code t} for the chunk's token {@code t}; not 0
     */
    public void add(int kvHead, int chunk, int slot, int mask) {
        int size = sizes[kvHead];
        if (size == slots[kvHead].length) {
            slots[kvHead] = Arrays.copyOf(slots[kvHead], 2 * size);
            chunks[kvHead] = Arrays.copyOf(chunks[kvHead], 2 * size);
            masks[kvHead] = Arrays.copyOf(masks[kvHead], 2 * size);
        }
        slots[kvHead][size] = slot;
        chunks[kvHead][size] = chunk;
        masks[kvHead][size] = mask;
        sizes[kvHead]++;
    }

    /** KV heads. */
    public int kvHeads() {
        return sizes.length;
    }

    /** Chunks that {@code kvHead} attends. */
    public int size(int kvHead) {
        return sizes[kvHead];
    }

    /** The slot of entry {@code index}. */
    public int slot(int kvHead, int index) {
        return slots[kvHead][index];
    }

    /** The chunk of entry {@code index}. */
    public int chunk(int kvHead, int index) {
        return chunks[kvHead][index];
    }

    /** The tokens of entry {@code index} that are attended, a bit each. */
    public int mask(int kvHead, int index) {
        return masks[kvHead][index];
    }
}
