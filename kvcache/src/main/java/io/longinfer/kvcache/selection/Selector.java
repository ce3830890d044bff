package io.longinfer.kvcache.selection;

/**
 * Decides which closed chunks a decoding step attends. A selector is a pure function of scores and budgets: it neither knows
 * where a chunk lies nor moves it.
 */
public sealed interface Selector permits FullSelector, TopKSelector {
    /** Whether {@code layer} needs scores (and so abstracts) at all. */
    boolean needsScores(int layer);

    /**
     * Whether {@code chunks} closed chunks of {@code layer} leave a choice; if not, all are attended and scoring is spared.
     */
    boolean chooses(int layer, int chunks);

    /**
     * Selects for one KV head. Calls for different heads may run at once.
     *
     * @param chunks closed chunks of the layer
     * @param bounds {@code [group][stride]} from {@code offset}: upper bounds of the scores of the head's query heads, one per
     *     chunk; overwritten. Unused where {@link #chooses} says no
     * @param selection receives the chunks, ascending
     */
    void select(int layer, int kvHead, int chunks, float[] bounds, int offset, int stride, Selection selection);
}
