package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A megabyte of one character class neither fills the stack nor takes quadratic time, under any pre-tokenizer. */
class LongTextTest {
    private static final int LENGTH = 1_000_000;

    @ParameterizedTest
    @ValueSource(strings = {"smollm", "llama-bpe", "default"})
    void aMegabyteOfOneClass(String preTokenizer) throws IOException {
        Tokenizer tokenizer = Vocabularies.needle(preTokenizer);
        for (String unit : new String[] {"a", " ", "7", "!", "\n", "'", "<"}) {
            String text = unit.repeat(LENGTH);
            assertEquals(text, tokenizer.decode(tokenizer.encode(text, false, true)), unit);
        }
    }

    @Test
    void aMegabyteOfOneClassInSentencePiece() throws IOException {
        Tokenizer tokenizer = Vocabularies.sentencePiece();
        for (String unit : new String[] {"a", " ", "7"}) {
            String text = unit.repeat(LENGTH);
            assertEquals(text, tokenizer.decode(tokenizer.encode(text, false, true)), unit);
        }
    }

    @Test
    void aLongWord() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        int[] ids = Vocabularies.needle("qwen2").encode(text.toString(), false, false);
        assertTrue(ids.length < text.length(), () -> "nothing was merged, seed " + seed);
        assertEquals(text.toString(), Vocabularies.needle("qwen2").decode(ids), () -> "seed " + seed);
    }
}
