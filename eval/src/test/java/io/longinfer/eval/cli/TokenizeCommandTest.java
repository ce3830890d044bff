package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.model.catalog.ModelCatalog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizeCommandTest {
    private static final int TENSOR_COUNT_OFFSET = 8;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {"", "\n", "a", " two  spaces\r\n\n", "wörld 12345 \uD83D\uDE80\t<|im_end|>", "ends with \n"})
    void idsAndBackGiveTheSameBytes(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("text"), text);
        Session ids =
                Session.of("tokenize", "needle", "--file", file.toString()).succeeded();
        assertTrue(ids.out().matches("([0-9]+( [0-9]+)*)?\n"), ids.out());
        assertEquals(
                ids.out(),
                Session.withInput(text, "tokenize", "needle").succeeded().out());
        assertArrayEquals(
                text.getBytes(StandardCharsets.UTF_8),
                Session.withInput(ids.out(), "tokenize", "needle", "--decode")
                        .succeeded()
                        .bytes());
    }

    @Test
    void halfACharacterIsDecodedToItsBytes() {
        String[] ids = Session.withInput("ö", "tokenize", "needle")
                .succeeded()
                .out()
                .strip()
                .split(" ", -1);
        byte[] whole = "ö".getBytes(StandardCharsets.UTF_8);
        if (ids.length == 2) {
            Session half = Session.withInput(ids[0], "tokenize", "needle", "-d").succeeded();
            assertArrayEquals(new byte[] {whole[0]}, half.bytes());
        } else {
            assertEquals(1, ids.length);
        }
    }

    @Test
    void specialTokensArePlainTextUnlessAskedFor() {
        String plain = Session.withInput("<|im_end|>", "tokenize", "needle")
                .succeeded()
                .out();
        String special = Session.withInput("<|im_end|>", "tokenize", "needle", "--special")
                .succeeded()
                .out();
        assertNotEquals(plain, special);
        assertEquals(1, special.strip().split(" ", -1).length, special);
    }

    @Test
    void aVocabularyIsEnough() throws IOException {
        // The embedded model with no tensor: what follows the metadata is then nothing the reader looks at.
        byte[] bytes = Files.readAllBytes(ModelCatalog.resolve("needle"));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(TENSOR_COUNT_OFFSET, 0);
        Path vocabulary = Files.write(folder.resolve("vocabulary.gguf"), bytes);
        String expected =
                Session.withInput("Room 12", "tokenize", "needle").succeeded().out();
        assertEquals(
                expected,
                Session.withInput("Room 12", "tokenize", vocabulary.toString())
                        .succeeded()
                        .out());
        String inspected =
                Session.of("inspect", vocabulary.toString()).succeeded().out();
        assertTrue(inspected.contains("Tensors (0)"), inspected);
    }

    @Test
    void whatIsNoTextAndNoIdIsRefused() {
        Session text = Session.withInput(new byte[] {(byte) 0xC3}, "tokenize", "needle");
        assertEquals(1, text.code());
        assertTrue(text.err().contains("stdin is no UTF-8"), text.err());
        Session word = Session.withInput("12 x", "tokenize", "needle", "--decode");
        assertEquals(1, word.code());
        assertTrue(word.err().contains("'x' is no token id"), word.err());
        Session outside = Session.withInput("99999", "tokenize", "needle", "--decode");
        assertEquals(1, outside.code());
        assertTrue(outside.err().contains("99999"), outside.err());
    }
}
