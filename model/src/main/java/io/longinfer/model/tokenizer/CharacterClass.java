package io.longinfer.model.tokenizer;

import java.util.Arrays;

/**
 * What the pre-tokenizers distinguish: the Unicode classes {@code \p{L}}, {@code \p{N}}, {@code \s} (the property
 * White_Space), {@code \p{P}}, and the rest, unassigned code points among it. The classes are those of Unicode 15.1, which
 * llama.cpp's tables hold: what this JDK knows beyond them counts as unassigned.
 */
enum CharacterClass {
    LETTER,
    NUMBER,
    WHITE_SPACE,
    PUNCTUATION,
    OTHER;

    /** First and last code points of the letters, numbers and punctuation that Unicode 16 added. */
    private static final int[] NEWER = {
        0x1B4E, 0x1B4F, 0x1B7F, 0x1B7F, 0x1C89, 0x1C8A, 0xA7CB, 0xA7CD, 0xA7DA, 0xA7DC, 0x105C0, 0x105F3, 0x10D40,
        0x10D85, 0x10EC2, 0x10EC4, 0x11380, 0x113D8, 0x116D0, 0x116E3, 0x11BC0, 0x11BF9, 0x13460, 0x143FA, 0x16100,
        0x16139, 0x16D40, 0x16D79, 0x18CFF, 0x18CFF, 0x1CCF0, 0x1CCF9, 0x1E5D0, 0x1E5FF,
    };

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
        if (codePoint >= NEWER[0] && isNewer(codePoint)) {
            return OTHER;
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

    private static boolean isNewer(int codePoint) {
        int at = Arrays.binarySearch(NEWER, codePoint);
        return at >= 0 || (-at - 1) % 2 == 1; // at a bound, or between a first and its last
    }
}
