package io.longinfer.model.tokenizer;

/** How a stretch of text without atomic tokens becomes ids, and what bytes an ordinary token stands for. */
sealed interface TextEncoder permits ByteLevelEncoder, SentencePieceEncoder {
    /**
     * Appends the ids of {@code text[from, to)} to {@code ids}.
     *
     * @param first whether it begins the sequence or follows an atomic token
     */
    void encode(String text, int from, int to, boolean first, IntSequence ids);

    /** The bytes of a token of type NORMAL or BYTE. */
    byte[] bytes(int id);
}
