package io.longinfer.model.tokenizer;

/**
 * What the pre-tokenizers distinguish: the Unicode classes {@code \p{L}}, {@code \p{N}}, {@code \s} (the property
 * White_Space), {@code \p{P}}, and the rest, unassigned code points among it.
 */
enum CharacterClass {
    LETTER,
    NUMBER,
    WHITE_SPACE,
    PUNCTUATION,
    OTHER;

    private static final CharacterClass[] ASCII = new CharacterClass[128];

    static {
        for (int c = 0; c < ASCII.length; c++) {
            ASCII[c] = classify(c);
        }
    }

    static CharacterClass of(int codePoint) {
        return codePoint < ASCII.length ? ASCII[codePoint] : classify(codePoint);
    }

    private static CharacterClass classify(int codePoint) {
        if ((codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85) {
            return WHITE_SPACE;
        }
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> WHITE_SPACE;
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> PUNCTUATION;
            default -> OTHER;
        };
    }
}
