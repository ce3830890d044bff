package io.longinfer.model.tokenizer;

import java.util.Optional;

/** What kind of token an entry of the vocabulary is. */
enum TokenType {
    UNDEFINED(0),
    NORMAL(1),
    UNKNOWN(2),
    CONTROL(3),
    USER_DEFINED(4),
    UNUSED(5),
    BYTE(6);

    private final int number;

    TokenType(int number) {
        this.number = number;
    }

    /** The type of that number in {@code tokenizer.ggml.token_type}. */
    static Optional<TokenType> numbered(int number) {
        for (TokenType type : values()) {
            if (type.number == number) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Hidden in decoded text unless asked for, recognised in a text only if asked for. */
    boolean isSpecial() {
        return this == CONTROL || this == UNKNOWN;
    }

    /** Never built by merging: cut out of the text by its name first. */
    boolean isAtomic() {
        return isSpecial() || this == USER_DEFINED;
    }
}
