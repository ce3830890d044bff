package io.longinfer.kernels.attention;

/**
 * How {@link TornadoPrefillAttention} divides its work among items, by the channels of a head. Methods are compiled into the
 * kernel, where all of this is constant.
 */
final class PrefillShape {
    /** Queries, and channels of the values, of an item. */
    static final int TAKEN = 4;

    private PrefillShape() {}

    /** Items that share queries, a power of 2. */
    static int lanes(int headDim) {
        return headDim <= 16 ? 4 : (headDim <= 32 ? 8 : (headDim <= 64 ? 16 : (headDim <= 128 ? 32 : 64)));
    }

    /** Items that work on different queries: local memory has room for as many. */
    static int queryItems(int headDim) {
        return headDim <= 64 ? 16 : (headDim <= 128 ? 8 : 4);
    }

    /** Chunks that are in local memory at once. */
    static int chunksOfBatch(int headDim) {
        return headDim <= 128 ? 2 : 1;
    }
}
