package io.longinfer.model.tokenizer;

/** A token id is outside the vocabulary. */
public final class UnknownTokenException extends IllegalArgumentException {
    UnknownTokenException(int id, int vocabularySize) {
        super("token id " + id + " is outside the vocabulary, which has ids 0 to " + (vocabularySize - 1));
    }
}
