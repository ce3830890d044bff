package io.longinfer.kvcache.selection;

/** The selectors there are, by the names that options use. */
public enum SelectorKind {
    /** Everything. */
    FULL,
    /** The chunks with the greatest upper bounds, within a budget: every leaf is scored, as Quest does. */
    TOPK,
    /** The same by best-first search of the chunk tree, with or without the adaptive partition. */
    ADAPTIVE,
    /** Tokens by scores that are speculated from the layer before, as InfiniGen does. */
    INFINIGEN,
    /** The chunks with the greatest true attention mass, for comparison. */
    ORACLE
}
