package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccuracyCommandTest {
    @TempDir
    private Path folder;

    @Test
    void theEmbeddedModelFindsNeedles() throws IOException {
        Path json = folder.resolve("out.jsonl");
        String text = Session.of(
                        "accuracy",
                        "--tasks",
                        "niah_single_1,niah_multikey_1",
                        "--tokens",
                        "800",
                        "--samples",
                        "2",
                        "--variants",
                        "full,ours",
                        "--json",
                        json.toString())
                .succeeded()
                .out();
        assertTrue(
                Pattern.compile("niah_single_1 +100.0 \\+- 0.0 +100.0 \\+- 0.0\n")
                        .matcher(text)
                        .find(),
                text);
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(json)) {
            lines.add(JSON.std.mapFrom(line));
        }
        assertEquals(4, lines.size());
        assertEquals("accuracy", lines.getFirst().get("kind"));
        assertEquals(List.of(1.0, 1.0), lines.getFirst().get("scores"));
        assertEquals("full", lines.getFirst().get("variant"));
        assertEquals(2, ((List<?>) lines.getFirst().get("answers")).size());
    }

    @Test
    void aPromptIsShownWithTheAnswersBegin() {
        String text = Session.of("accuracy", "--tasks", "niah_single_1", "--tokens", "500", "--show")
                .succeeded()
                .out();
        assertTrue(
                text.contains("<|im_start|>assistant\n The special magic number for ")
                        && text.stripTrailing().endsWith(" mentioned in the provided text is"),
                text);
    }

    @Test
    void whatCannotBeAskedIsNamed() {
        Session session = Session.of("accuracy", "--tasks", "qa_2");
        assertEquals(1, session.code());
        assertTrue(session.err().contains("--hotpot FILE expected"), session.err());
        session = Session.of("accuracy", "--variants", "best");
        assertEquals(2, session.code());
        assertTrue(session.err().contains("'best' found, one of full, "), session.err());
    }
}
