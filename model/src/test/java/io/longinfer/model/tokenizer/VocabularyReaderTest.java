package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.model.gguf.ModelFormatException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VocabularyReaderTest {
    private static final String PREFIX = "tokenizer.ggml.";

    @Test
    void readsWhatTheFileSays() throws IOException {
        Tokenizer needle = Vocabularies.of(Vocabularies.needleMetadata());
        assertEquals(2048, needle.vocabularySize());
        assertEquals(OptionalInt.of(0), needle.bos());
        assertEquals(OptionalInt.of(2), needle.eos());
        assertFalse(needle.addsBos());
        assertEquals(Set.of(0, 2), needle.endOfGeneration()); // <|endoftext|>, <|im_end|>
        assertTrue(needle.endsGeneration(2));
        assertFalse(needle.endsGeneration(1));
        assertTrue(needle.isSpecial(1));
        assertArrayEquals(new byte[] {'!'}, needle.bytes(3));
        assertTrue(Vocabularies.sentencePiece().addsBos());
        assertTrue(Vocabularies.needle("llama-bpe").addsBos());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            model             | bert   | 'bert', expected a known kind of tokenizer: gpt2
            pre               | viking | 'viking', expected a known pre-tokenizer: gpt-2
            bos_token_id      | 2048   | 2048, expected a token id from 0 to 2047
            eos_token_id      | -1     | -1, expected a token id from 0 to 2047
            eot_token_id      | 9999   | 9999, expected a token id from 0 to 2047
            fim_pad_token_id  | 9999   | 9999, expected a token id from 0 to 2047
            """)
    void refusesByName(String key, String value, String message) throws IOException {
        boolean number = value.matches("-?[0-9]+");
        expect(Vocabularies.needleMetadata(), key, number ? (Object) Integer.valueOf(value) : value, message);
    }

    @Test
    void refusesArraysOfOtherLengths() throws IOException {
        expect(Vocabularies.needleMetadata(), "token_type", new int[2047], "one value for each of the 2048 tokens");
        expect(Vocabularies.needleMetadata(), "scores", new float[2049], "one value for each of the 2048 tokens");
        expect(Vocabularies.sentencePieceMetadata(), "scores", new float[1], "one value for each of the 560 tokens");
        expect(Vocabularies.needleMetadata(), "tokens", new String[0], "at least one token");
    }

    @Test
    void refusesWrongTypesAndScores() throws IOException {
        int[] types = new int[2048];
        types[7] = 7;
        expect(Vocabularies.needleMetadata(), "token_type", types, "7 for token 7, expected a token type from 0 to 6");
        float[] scores = new float[560];
        scores[5] = Float.NaN;
        expect(Vocabularies.sentencePieceMetadata(), "scores", scores, "NaN for token 5");
        int[] bytes = new int[560];
        Arrays.fill(bytes, 6);
        expect(Vocabularies.sentencePieceMetadata(), "token_type", bytes, "the name of a byte token such as <0x0A>");
    }

    @Test
    void refusesTokensWithTwoIds() throws IOException {
        String[] tokens = ((String[]) Vocabularies.needleMetadata().get(PREFIX + "tokens")).clone();
        tokens[2000] = tokens[3];
        expect(Vocabularies.needleMetadata(), "tokens", tokens, "'!' at 3 and at 2000");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            nonsense | two tokens with a space between them
            "t "     | two tokens with a space between them
            "§ t"    | two tokens of the vocabulary
            "t §"    | two tokens of the vocabulary
            "z q"    | two tokens of the vocabulary
            """)
    void refusesMergesOfWhatIsNoToken(String merge, String message) throws IOException {
        expect(Vocabularies.needleMetadata(), "merges", new String[] {"Ġ t", merge}, message);
    }

    @Test
    void refusesToAddATokenThatIsNotNamed() throws IOException {
        Map<String, Object> metadata = Vocabularies.needleMetadata();
        metadata.remove(PREFIX + "bos_token_id");
        expect(metadata, "add_bos_token", true, "bos_token_id is absent, expected a token id");
    }

    @Test
    void refusesWhatIsMissing() throws IOException {
        for (String key : new String[] {"model", "tokens", "merges"}) {
            Map<String, Object> metadata = Vocabularies.needleMetadata();
            metadata.remove(PREFIX + key);
            String message = assertThrows(ModelFormatException.class, () -> Vocabularies.of(metadata))
                    .getMessage();
            assertTrue(message.contains(PREFIX + key + " is absent"), message);
        }
    }

    private static void expect(Map<String, Object> metadata, String key, Object value, String message) {
        metadata.put(PREFIX + key, value);
        String found = assertThrows(ModelFormatException.class, () -> Vocabularies.of(metadata))
                .getMessage();
        assertTrue(found.contains(message), found);
        assertTrue(found.contains(PREFIX), found);
    }
}
