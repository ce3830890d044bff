package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids of awkward texts under every pre-tokenizer and SentencePiece, as llama.cpp made them: see ORIGIN.md beside them. */
class ExpectedIdsTest {
    private static Map<String, Object> expected;

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = ExpectedIdsTest.class.getResourceAsStream("expected-ids.json")) {
            expected = JSON.std.mapFrom(in);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "smollm", "llama-bpe", "qwen2", "default"})
    void splitsAndMergesLikeLlamaCpp(String preTokenizer) throws IOException {
        check(Vocabularies.needle(preTokenizer), preTokenizer);
    }

    @ParameterizedTest
    @ValueSource(strings = "llama")
    void mergesByScoresLikeLlamaCpp(String name) throws IOException {
        check(Vocabularies.sentencePiece(), name);
    }

    private static void check(Tokenizer tokenizer, String name) {
        List<?> texts = (List<?>) expected.get("texts");
        assertEquals(65, texts.size());
        for (int i = 0; i < texts.size(); i++) {
            String text = (String) texts.get(i);
            assertArrayEquals(ids("plain", name, i), tokenizer.encode(text, false, false), text);
            assertArrayEquals(ids("special", name, i), tokenizer.encode(text, true, true), text);
        }
    }

    private static int[] ids(String kind, String name, int index) {
        List<?> ids = (List<?>) ((List<?>) ((Map<?, ?>) expected.get(kind)).get(name)).get(index);
        return ids.stream().mapToInt(id -> (Integer) id).toArray();
    }
}
