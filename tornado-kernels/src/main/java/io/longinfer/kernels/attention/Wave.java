package io.longinfer.kernels.attention;

/** The next chunks of a list of which some token is visible, few enough to be worked on in a cache. Not thread-safe. */
final class Wave {
    private final long[] offsets;
    private final int[] firstPositions;
    private final int[] places;
    private int size;
    private int lastPosition;

    Wave(int capacity) {
        offsets = new long[capacity];
        firstPositions = new int[capacity];
        places = new int[capacity];
    }

    /**
     * Takes up chunks of the list from {@code next}, leaving out those that lie wholly behind {@code position}.
     *
     * @return where the following wave starts, the list's size after the last
     */
    int gather(ChunkList chunks, int next, int position) {
        size = 0;
        lastPosition = Integer.MIN_VALUE;
        int c = next;
        for (; c < chunks.size() && size < offsets.length; c++) {
            if (chunks.firstPosition(c) <= position) {
                offsets[size] = chunks.offsetBytes(c);
                firstPositions[size] = chunks.firstPosition(c);
                places[size++] = c;
                lastPosition = Math.max(lastPosition, chunks.firstPosition(c) + ChunkLayout.TOKENS - 1);
            }
        }
        return c;
    }

    /** Chunks in the wave. */
    int size() {
        return size;
    }

    /** {@code [size]}: where each chunk starts, in bytes. */
    long[] offsets() {
        return offsets;
    }

    /** Where chunk {@code index} of the wave starts, in bytes. */
    long offsetBytes(int index) {
        return offsets[index];
    }

    /** Its place in the list. */
    int place(int index) {
        return places[index];
    }

    /** Whether a query at {@code position} sees all tokens. */
    boolean whollyVisible(int position) {
        return lastPosition <= position;
    }

    /** Tokens of chunk {@code index} that a query at {@code position} sees. */
    int visible(int index, int position) {
        return Math.clamp((long) position - firstPositions[index] + 1, 0, ChunkLayout.TOKENS);
    }

    /** Chunks from the wave's start to the last of which a query at {@code position} sees something. */
    int prefix(int position) {
        int count = size;
        while (count > 0 && firstPositions[count - 1] > position) {
            count--;
        }
        return count;
    }
}
