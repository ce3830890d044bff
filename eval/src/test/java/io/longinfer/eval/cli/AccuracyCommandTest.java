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
                Pattern.compile("niah_single_1 +100.0 \\(34.2 to 100.0\\) +100.0 \\(34.2 to 100.0\\)\n")
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
    void needlesAreAskedForByDepthAndLength() throws IOException {
        Path json = folder.resolve("grid.jsonl");
        String text = Session.of(
                        "accuracy",
                        "--tasks=needle",
                        "--tokens=300,400",
                        "--depths=0,1",
                        "--samples=1",
                        "--variants=full,ours",
                        "--json=" + json)
                .succeeded()
                .out();
        assertTrue(text.contains("needle, full, %  300 tokens  400 tokens  all\n"), text);
        assertTrue(Pattern.compile("depth 1.00 +100 +100  100\n").matcher(text).find(), text);
        List<String> lines = Files.readAllLines(json);
        assertEquals(8, lines.size());
        Map<String, Object> last = JSON.std.mapFrom(lines.getLast());
        assertEquals(1.0, last.get("depth"));
        assertEquals("needle", last.get("task"));
        assertEquals(400, last.get("documentTokens"));
    }

    @Test
    void filesOfLongBenchAreAsked() throws IOException {
        Path file = folder.resolve("qa.jsonl");
        Files.writeString(
                file,
                "{\"dataset\": \"multifieldqa_en\", \"input\": \"Who?\", \"context\": \"Ada. \", \"answers\":"
                        + " [\"Ada\"]}\n");
        String text = Session.of("accuracy", "--longbench=" + file, "--variants=full", "--longbench-answer=3")
                .succeeded()
                .out();
        assertTrue(text.contains("\nmultifieldqa_en "), text);
        String shown = Session.of("accuracy", "--longbench=" + file, "--longbench-prompt={input} {context}", "--show")
                .succeeded()
                .out();
        assertTrue(shown.contains("references [Ada]\n") && shown.contains("Who? Ada. "), shown);
        Session noFile = Session.of("accuracy", "--tasks=qasper");
        assertEquals(1, noFile.code());
        assertTrue(noFile.err().contains("--longbench FILE"), noFile.err());
        Session none = Session.of("accuracy", "--tasks=longbench");
        assertTrue(none.err().contains("--longbench FILE expected"), none.err());
        Session unknown = Session.of("accuracy", "--tasks=quiz");
        assertEquals(1, unknown.code());
        assertTrue(unknown.err().contains("'quiz' found as a task, one of ruler, "), unknown.err());
        Session metric = Session.of("accuracy", "--longbench-metric=bleu");
        assertEquals(2, metric.code());
        assertTrue(metric.err().contains("one of f1, rouge-l, edit"), metric.err());
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
