package io.longinfer.kernels.attention;

/** The next chunks of a list of which some token is visible, few enough to be worked on in a cache. Not thread-safe. */
final class Wave {
    private final long[] offsets;
    private final int[] firstPositions;
    private final int[] places;
    private final int[] masks;
    private int size;
    private boolean masked;
    private int window;
    private int leastPosition;
    private int lastPosition;

    Wave(int capacity) {
        offsets = new long[capacity];
        firstPositions = new int[capacity];
        places = new int[capacity];
        masks = new int[capacity];
    }

    /**
     * Takes up chunks of the list from {@code next}, leaving out those of which queries at the positions {@code from} to {@code
     * to} see nothing.
     *
     * @return where the following wave starts, the list's size after the last
     */
    int gather(ChunkList chunks, int next, int from, int to) {
        size = 0;
        masked = false;
        window = chunks.window();
        leastPosition = Integer.MAX_VALUE;
        lastPosition = Integer.MIN_VALUE;
        long firstVisible = (long) from - window + 1;
        int c = next;
        for (; c < chunks.size() && size < offsets.length; c++) {
            int first = chunks.firstPosition(c);
            int last = first + ChunkLayout.TOKENS - 1;
            if (first <= to && last >= firstVisible) {
                offsets[size] = chunks.offsetBytes(c);
                firstPositions[size] = first;
                masks[size] = chunks.mask(c);
                masked |= masks[size] != ChunkLayout.ALL_TOKENS;
                places[size++] = c;
                leastPosition = Math.min(leastPosition, first);
                lastPosition = Math.max(lastPosition, last);
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

    /** The tokens of chunk {@code index} of the wave that are seen, a bit each. */
    int mask(int index) {
        return masks[index];
    }

    /** Whether some chunk's mask leaves tokens out. */
    boolean masked() {
        return masked;
    }

    /** Whether queries at the positions {@code from} to {@code to} see all tokens, masks apart. */
    boolean whollyVisible(int from, int to) {
        return lastPosition <= from && (long) to - leastPosition < window;
    }

    /** Tokens at the beginning of chunk {@code index} that lie before the window of a query at {@code position}. */
    int hidden(int index, int position) {
        return Math.clamp((long) position - window + 1 - firstPositions[index], 0, ChunkLayout.TOKENS);
    }

    /** Tokens of chunk {@code index} up to the position of a query. */
    int visible(int index, int position) {
        return Math.clamp((long) position - firstPositions[index] + 1, 0, ChunkLayout.TOKENS);
    }

    /** Chunks from the wave's start to the last that begins not after {@code position}. */
    int prefix(int position) {
        int count = size;
        while (count > 0 && firstPositions[count - 1] > position) {
            count--;
        }
        return count;
    }
}
