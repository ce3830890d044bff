package io.longinfer.kernels.device;

/**
 * What a session that can look at single tokens tells of them: of the layer last projected, after {@link
 * DeviceSession#finish} and before the next {@link DeviceSession#project}. Masses are means over the query heads of a KV head.
 */
public interface TokenMeasures {
    /** Whether calls of attend of segments of one token from now on measure what each token weighs. */
    void record(boolean on);

    /**
     * As {@link DeviceSession#mass}, token by token.
     *
     * @param target receives the masses of the chunk's 16 tokens from {@code offset}, 0 for those that were masked
     * @throws IllegalStateException if that call was not recorded
     */
    void masses(int segment, int call, int kvHead, int index, float[] target, int offset);

    /**
     * What the tokens of the open chunk weigh for a segment of one token, itself among them.
     *
     * @param target receives the masses of 16 tokens from {@code offset}, 0 for those that are yet to come
     * @throws IllegalStateException if that was not recorded
     */
    void openMasses(int segment, int kvHead, float[] target, int offset);

    /**
     * The logarithms of the softmax's denominators.
     *
     * @param target receives {@code [rows of the segment][heads]} from 0
     */
    void logSums(int segment, float[] target);

    /** Position of a segment's first token. */
    int position(int segment);

    /**
     * The chunk that a segment has left open, as {@link DeviceSession#closedChunks} gives closed ones: places behind its last
     * token hold anything. None if the segment ends with a chunk.
     */
    ClosedChunks openChunk(int segment);
}
