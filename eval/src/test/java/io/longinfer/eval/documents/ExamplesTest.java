package io.longinfer.eval.documents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplesTest {
    private static final String ONE = "[{\"tokens_about\": 500, \"document\": \"A. Room x has the number 1234. B.\","
            + " \"question\": \"Which number has room x?\", \"answer\": \"1234\", \"answer_sentence\": \"Room x has the"
            + " number 1234.\", \"facts\": []}]";

    @TempDir
    private Path folder;

    @Test
    void readsWhatAFileHolds() throws IOException {
        List<Example> examples = Examples.read(write(ONE));
        assertEquals(
                List.of(new Example(
                        500,
                        "A. Room x has the number 1234. B.",
                        "Which number has room x?",
                        "1234",
                        "Room x has the number 1234.")),
                examples);
        assertEquals(
                "A. Room x has the number 1234. B.\n\nWhich number has room x?",
                examples.getFirst().prompt());
    }

    @Test
    void aTruncatedFileIsAnErrorThatNamesIt() throws IOException {
        for (int length = 0; length < ONE.length(); length++) {
            Path file = write(ONE.substring(0, length));
            IOException error = assertThrows(IOException.class, () -> Examples.read(file));
            assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
        }
    }

    @Test
    void aMissingFieldIsNamed() throws IOException {
        Path file = write(ONE.replace("\"answer\"", "\"reply\""));
        IOException error = assertThrows(IOException.class, () -> Examples.read(file));
        assertTrue(error.getMessage().contains("example 0: the field \"answer\""), error.getMessage());
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("examples.json"), text);
    }
}
