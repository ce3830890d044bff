package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.catalog.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** llama.cpp's own vectors, where the shared folder is there. */
class SharedVectorsTest {
    private static final String SEPARATOR = "\n__ggml_vocab_test__\n";

    @Test
    void gpt2() throws IOException {
        Path vocabulary = Vocabularies.shared("tokenizers/ggml-vocab-gpt-2.gguf");
        check(Vocabularies.of(vocabulary), "ggml-vocab-gpt-2.gguf.inp", "ggml-vocab-gpt-2.gguf.out");
    }

    @Test
    void llamaSentencePiece() throws IOException {
        Path vocabulary = Vocabularies.shared("tokenizers/ggml-vocab-llama-spm.gguf");
        check(Vocabularies.of(vocabulary), "ggml-vocab-llama-spm.gguf.inp", "ggml-vocab-llama-spm.gguf.out");
    }

    @Test
    void smollm2() throws IOException {
        Path model;
        try {
            model = ModelCatalog.resolve("smollm2");
        } catch (ModelNotFoundException e) {
            assumeTrue(false, () -> "skipped: " + e.getMessage());
            return;
        }
        check(Vocabularies.of(model), "ggml-vocab-gpt-2.gguf.inp", "smollm.out");
    }

    private static void check(Tokenizer tokenizer, String inputs, String outputs) throws IOException {
        String[] texts =
                Files.readString(Vocabularies.shared("tokenizers/" + inputs)).split(SEPARATOR, -1);
        String[] lines =
                Files.readString(Vocabularies.shared("tokenizers/" + outputs)).split("\n", -1);
        assertEquals(47, texts.length);
        for (int i = 0; i < texts.length; i++) {
            int[] ids = Stream.of(lines[i].strip().split(" +"))
                    .filter(id -> !id.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
            assertArrayEquals(ids, tokenizer.encode(texts[i], false, false), texts[i]);
        }
    }
}
