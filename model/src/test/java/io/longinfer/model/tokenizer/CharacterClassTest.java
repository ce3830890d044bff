package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CharacterClassTest {
    /** Counted in llama.cpp's tables (Unicode 15.1), with which every code point was compared: a newer JDK must not differ. */
    @Test
    void countsAsInLlamaCpp() {
        Map<CharacterClass, Integer> counts = new EnumMap<>(CharacterClass.class);
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            counts.merge(CharacterClass.of(c), 1, Integer::sum);
        }
        assertEquals(
                Map.of(
                        CharacterClass.LETTER, 136_726,
                        CharacterClass.NUMBER, 1_831,
                        CharacterClass.WHITE_SPACE, 25,
                        CharacterClass.PUNCTUATION, 842,
                        CharacterClass.OTHER, 974_688),
                counts);
    }

    @Test
    void tellsTheAwkwardOnes() {
        assertEquals(CharacterClass.WHITE_SPACE, CharacterClass.of(0x85));
        assertEquals(CharacterClass.WHITE_SPACE, CharacterClass.of(0xA0));
        assertEquals(CharacterClass.OTHER, CharacterClass.of(0x1C)); // Java calls it white space
        assertEquals(CharacterClass.OTHER, CharacterClass.of(0x200B));
        assertEquals(CharacterClass.OTHER, CharacterClass.of('\u0301')); // a mark is no letter
        assertEquals(CharacterClass.NUMBER, CharacterClass.of('Ⅷ'));
        assertEquals(CharacterClass.NUMBER, CharacterClass.of('½'));
        assertEquals(CharacterClass.OTHER, CharacterClass.of('`'));
        assertEquals(CharacterClass.OTHER, CharacterClass.of(0x1E5F2)); // a digit since Unicode 16
    }
}
