package io.longinfer.kernels.attention;

/**
 * How {@link TornadoDecodeAttention} divides its work among items, by the number of query heads of a KV head and the channels
 * of a head. Methods are compiled into the kernel, where all of this is constant.
 */
final class DecodeShape {
    /** Items that read a chunk's keys together. */
    static final int LANES = 32;

    private static final int LEAST_LOCAL_SIZE = 128;

    private DecodeShape() {}

    /** Query heads that one item takes, up to four, so that what it adds up stays in registers. */
    static int headsOfItem(int group) {
        return group < 4 ? group : 4;
    }

    /** Items among which the query heads are shared out, a power of 2. */
    static int headItems(int group) {
        return group <= 4 ? 1 : (group <= 8 ? 2 : 4);
    }

    /** Query heads, with those that fill up the last item's. */
    static int heads(int group) {
        return headsOfItem(group) * headItems(group);
    }

    /** Items that read a row of values together, two channels each, a power of 2. */
    static int width(int headDim) {
        return headDim <= 8
                ? 4
                : (headDim <= 16 ? 8 : (headDim <= 32 ? 16 : (headDim <= 64 ? 32 : (headDim <= 128 ? 64 : 128))));
    }

    /** Items of a work-group. */
    static int localSize(int group, int headDim) {
        int least = headItems(group) * width(headDim);
        return least < LEAST_LOCAL_SIZE ? LEAST_LOCAL_SIZE : least;
    }

    /** Chunks that a work-group takes at once. */
    static int chunks(int group, int headDim) {
        return localSize(group, headDim) / (LANES * headItems(group));
    }

    /** Rows of values that a work-group reads at once. */
    static int teams(int group, int headDim) {
        return localSize(group, headDim) / (width(headDim) * headItems(group));
    }

    /** Rows of values that an item reads one after the other before it goes on, to have as many loads on their way. */
    static int rows(int group, int headDim) {
        int rows = ChunkLayout.TOKENS / teams(group, headDim);
        return rows < 1 ? 1 : (rows > 4 ? 4 : rows);
    }
}
