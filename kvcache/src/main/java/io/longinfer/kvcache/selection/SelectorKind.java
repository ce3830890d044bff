package io.longinfer.kvcache.selection;

/** The selectors there are, by the names that options use. */
public enum SelectorKind {
    /** Everything. */
    FULL,
    /** The first and the most recent tokens, see {@link StreamingSelector}. */
    STREAMING,
    /** The most recent tokens and those that have received the most attention, see {@link H2oSelector}. */
    H2O,
    /** The same with whole chunks, see {@link H2oChunkedSelector}. */
    H2O_CHUNKED,
    /** The chunks with the greatest upper bounds, every one of which is computed, see {@link TreeSelector}. */
    QUEST,
    /** Tokens by scores that are speculated from the layer before, see {@link InfinigenSelector}. */
    INFINIGEN,
    /** The chunks with the greatest upper bounds by search of the chunk tree, with or without the adaptive partition. */
    ADAPTIVE,
    /** The chunks with the greatest true attention mass, for comparison, see {@link OracleSelector}. */
    ORACLE;

    /** Whether it decides by the abstracts of chunks, which so have to be kept. */
    public boolean scoresAbstracts() {
        return this == QUEST || this == ADAPTIVE;
    }

    /** Whether it attends single tokens, so that chunks of which it attends some are many. */
    public boolean attendsTokens() {
        return this == H2O || this == INFINIGEN;
    }

    /** Whether it has to know what each token weighs, which only some devices tell. */
    public boolean learnsTokens() {
        return this == H2O || this == H2O_CHUNKED;
    }
}
