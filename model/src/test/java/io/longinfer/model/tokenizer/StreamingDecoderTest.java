package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
    private final Tokenizer tokenizer;

    StreamingDecoderTest() throws IOException {
        tokenizer = Vocabularies.needle("smollm");
    }

    @Test
    void holdsBackACharacterUntilItIsWhole() {
        int[] ids = tokenizer.encode("😀", false, false);
        StreamingDecoder decoder = tokenizer.stream();
        for (int i = 0; i + 1 < ids.length; i++) {
            assertEquals("", decoder.next(ids[i]));
        }
        assertEquals("😀", decoder.next(ids[ids.length - 1]));
        assertEquals("", decoder.flush());
    }

    @Test
    void flushesWhatStaysIncompleteAndStartsAnew() {
        int[] ids = tokenizer.encode("😀", false, false);
        StreamingDecoder decoder = tokenizer.stream();
        assertEquals("", decoder.next(ids[0]));
        assertEquals("\uFFFD", decoder.flush());
        assertEquals("", decoder.flush());
        assertEquals("a", decoder.next(tokenizer.encode("a", false, false)[0]));
    }

    @Test
    void replacesWhatIsNoUtf8AndGoesOn() {
        int[] emoji = tokenizer.encode("😀", false, false);
        int letter = tokenizer.encode("a", false, false)[0];
        StreamingDecoder decoder = tokenizer.stream();
        assertEquals("\uFFFD", decoder.next(emoji[emoji.length - 1])); // a continuation byte alone
        assertEquals("", decoder.next(emoji[0]));
        assertEquals("\uFFFDa", decoder.next(letter));
    }

    @Test
    void hidesControlTokensUnlessAsked() {
        int end = tokenizer.encode("<|im_end|>", false, true)[0];
        assertEquals("", tokenizer.stream().next(end));
        assertEquals("<|im_end|>", tokenizer.stream(true).next(end));
        assertEquals("", tokenizer.decode(new int[] {end}, false));
        assertEquals("<|im_end|>", tokenizer.decode(new int[] {end}));
    }

    @Test
    void keepsTheSpaceOfTheFirstTokenButDecodingASequenceDropsIt() throws IOException {
        Tokenizer sentencePiece = Vocabularies.sentencePiece();
        int[] ids = sentencePiece.encode("Hello", true, false);
        assertEquals(1, ids[0]);
        StringBuilder streamed = new StringBuilder();
        StreamingDecoder decoder = sentencePiece.stream();
        for (int id : ids) {
            decoder.append(id, streamed);
        }
        assertEquals(" Hello", streamed.toString());
        assertEquals("Hello", sentencePiece.decode(ids, false));
        assertEquals("<s>Hello", sentencePiece.decode(ids));
    }

    @Test
    void refusesIdsOutsideTheVocabulary() {
        for (int id : new int[] {-1, tokenizer.vocabularySize(), Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            UnknownTokenException error =
                    assertThrows(UnknownTokenException.class, () -> tokenizer.decode(new int[] {id}));
            assertEquals("token id " + id + " is outside the vocabulary, which has ids 0 to 2047", error.getMessage());
            assertThrows(UnknownTokenException.class, () -> tokenizer.bytes(id));
            assertThrows(UnknownTokenException.class, () -> tokenizer.isSpecial(id));
            assertEquals(false, tokenizer.endsGeneration(id));
        }
    }
}
