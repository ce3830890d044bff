package io.longinfer.kvcache.selection;

/** Knows the true attention of a token over all closed chunks. Used by one thread. */
public interface TrueMasses {
    /**
     * Computes what the closed chunks of a layer weigh for the token at hand, until the next call.
     *
     * @param queries {@code [heads][headDim]} from {@code queryOffset}, times 1/sqrt(headDim)
     */
    void weigh(int layer, float[] queries, int queryOffset);

    /** What a chunk weighs, 0 to 1, mean over the KV head's query heads. */
    float mass(int kvHead, int chunk);
}
