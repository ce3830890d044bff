package io.longinfer.kvcache.selection;

/** How the leaves with the greatest scores are found. */
public enum SearchMode {
    /** Every leaf is scored. */
    FLAT,
    /** Best-first over the tree: what {@link #FLAT} finds, with fewer nodes opened. */
    TREE,
    /** Best-first over the adaptive partition; budgets of layers are learned. */
    ADAPTIVE
}
