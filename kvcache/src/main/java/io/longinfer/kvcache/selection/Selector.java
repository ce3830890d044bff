package io.longinfer.kvcache.selection;

/**
 * Decides which closed chunks a decoding step attends; knows the abstracts, but neither where a chunk lies nor moves it. Used by
 * one thread. No call allocates.
 */
public sealed interface Selector
        permits FullSelector,
                StreamingSelector,
                H2oSelector,
                H2oChunkedSelector,
                TreeSelector,
                InfinigenSelector,
                OracleSelector {
    /** Whether {@code chunks} closed chunks of {@code layer} leave a choice; if not, all are attended. */
    boolean chooses(int layer, int chunks);

    /** Chunks that a KV head of {@code layer} attends when there are {@code chunks}, the always attended among them. */
    int attendedChunks(int layer, int chunks);

    /**
     * Selects for all KV heads of a layer; may read abstracts from disk, and learns from what it sees.
     *
     * @param chunks closed chunks of the layer, whose abstracts are all appended
     * @param queries {@code [heads][headDim]} from {@code queryOffset}, times 1/sqrt(headDim)
     * @param selection receives the chunks, ascending
     * @throws io.longinfer.kvcache.disk.DiskException if abstracts cannot be read
     */
    void select(int layer, int chunks, float[] queries, int queryOffset, Selection selection);

    /**
     * Whether what is attended is what {@link #guess} gives, {@link #select} being asked for nothing.
     */
    default boolean speculates() {
        return false;
    }

    /**
     * What {@link #select} would give for a predicted query, as far as abstracts in memory tell: reads nothing, learns nothing,
     * and so never changes what is selected. Parameters as for {@link #select}.
     */
    void guess(int layer, int chunks, float[] queries, int queryOffset, Selection selection);

    /** Whether what is attended depends on queries; if not, {@link #guess} needs none. */
    default boolean asksQueries() {
        return true;
    }

    /**
     * Learns, once after prefill, how attention is spread over a layer. When every layer has learned, budgets follow.
     *
     * @param masses {@code [kvHeads][stride]} from {@code offset}: what each chunk weighed for the last queries on average,
     *     the sum of a head's at most 1
     */
    default void learnPrefill(int layer, int chunks, float[] masses, int offset, int stride) {}

    /**
     * Learns, after a decoding step of a layer, what its selected chunks weighed.
     *
     * @param selection what {@link #select} gave
     * @param masses {@code [kvHeads][stride]} from {@code offset}, by chunk; those that are not selected are not looked at
     */
    default void learnStep(int layer, int chunks, Selection selection, float[] masses, int offset, int stride) {}

    /** Forgets the sequence. */
    default void reset() {}
}
