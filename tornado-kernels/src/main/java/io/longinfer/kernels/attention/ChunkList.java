package io.longinfer.kernels.attention;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Chunks of one KV head that are attended together: where each lies in one segment, and the position of its first token.
 * Reused from call to call to keep the decode path free of allocation. Not thread-safe.
 */
public final class ChunkList {
    private MemorySegment memory = MemorySegment.NULL;
    private long[] offsets = new long[64];
    private int[] firstPositions = new int[64];
    private int[] masks = new int[64];
    private int window = Integer.MAX_VALUE;
    private int size;

    /** Empties the list and sets the segment in which the chunks to come lie; every earlier token is visible. */
    public void reset(MemorySegment memory) {
        reset(memory, Integer.MAX_VALUE);
    }

    /**
     * Empties the list and sets the segment in which the chunks to come lie.
     *
     * @param window most tokens that a query sees, the one at its own position among them: a key at position p is visible to
     *     a query at position q if {@code 0 <= q - p < window}
     */
    public void reset(MemorySegment memory, int window) {
        this.memory = memory;
        this.window = window;
        size = 0;
    }

    /**
     * Adds a chunk.
     *
     * @param offsetBytes where it starts in {@link #memory()}
     * @param firstPosition position of its first token; tokens that a query does not see are masked
     */
    public void add(long offsetBytes, int firstPosition) {
        add(offsetBytes, firstPosition, ChunkLayout.ALL_TOKENS);
    }

    /**
     * Adds a chunk of which only some tokens are seen, for decoding.
     *
     * @param mask bit {@code t} for the chunk's token {@code t}
     */
    public void add(long offsetBytes, int firstPosition, int mask) {
        if (size == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * size);
            firstPositions = Arrays.copyOf(firstPositions, 2 * size);
            masks = Arrays.copyOf(masks, 2 * size);
        }
        offsets[size] = offsetBytes;
        masks[size] = mask;
        firstPositions[size++] = firstPosition;
    }

    /** The segment in which all chunks lie. */
    public MemorySegment memory() {
        return memory;
    }

    /** Most tokens that a query sees. */
    public int window() {
        return window;
    }

    /** Number of chunks. */
    public int size() {
        return size;
    }

    /** Where chunk {@code index} starts, in bytes. */
    public long offsetBytes(int index) {
        return offsets[index];
    }

    /** The tokens of chunk {@code index} that are seen, a bit each. */
    public int mask(int index) {
        return masks[index];
    }

    /** Position of the first token of chunk {@code index}. */
    public int firstPosition(int index) {
        return firstPositions[index];
    }
}
