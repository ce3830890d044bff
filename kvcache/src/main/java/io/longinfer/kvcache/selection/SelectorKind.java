package io.longinfer.kvcache.selection;

/** The selectors there are, by the names that options use. */
public enum SelectorKind {
    /** Everything. */
    FULL,
    /** The chunks with the greatest upper bounds, within a budget. */
    TOPK
}
