package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoding gives the text back, for random texts of every plane of Unicode. */
class RoundTripTest {
    private static final int TEXTS = 300;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "smollm", "llama-bpe", "qwen2", "default"})
    void byteLevel(String preTokenizer) throws IOException {
        check(Vocabularies.needle(preTokenizer));
    }

    @Test
    void sentencePiece() throws IOException {
        check(Vocabularies.sentencePiece());
    }

    private void check(Tokenizer tokenizer) {
        for (int i = 0; i < TEXTS; i++) {
            String text = text();
            int[] ids = tokenizer.encode(text, false, i % 2 == 0);
            assertEquals(text, tokenizer.decode(ids), () -> "seed " + seed);
            StringBuilder streamed = new StringBuilder();
            StreamingDecoder decoder = tokenizer.stream(true);
            for (int id : tokenizer.encode("x" + text, false, false)) {
                decoder.append(id, streamed);
            }
            decoder.flush(streamed);
            assertEquals("x" + text, streamed.toString().stripLeading(), () -> "seed " + seed);
        }
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(60);
        while (text.length() < length) {
            int limit = new int[] {0x80, 0x80, 0x250, 0x10000, 0x110000}[random.nextInt(5)];
            int c = random.nextInt(10) == 0 ? ' ' : random.nextInt(limit);
            // U+2581 is how SentencePiece spells a space, and a lone surrogate is no character.
            if (c != SentencePieceEncoder.SPACE && (c < 0xD800 || c > 0xDFFF)) {
                text.appendCodePoint(c);
            }
        }
        return text.toString();
    }

    @Test
    void aLoneSurrogateIsReadAsReplacementCharacter() throws IOException {
        Tokenizer tokenizer = Vocabularies.needle("smollm");
        assertEquals("a\uFFFDb\uFFFD", tokenizer.decode(tokenizer.encode("a\uD800b\uDC00", false, false)));
    }
}
