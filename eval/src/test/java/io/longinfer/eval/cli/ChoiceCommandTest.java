package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChoiceCommandTest {
    private static final String LINE =
            "{\"goal\": \"To reach the old harbour %d\", \"sol1\": \"walk.\", \"sol2\": \"zqx zqx zqx.\", \"label\": 0}\n";

    @TempDir
    private Path folder;

    @Test
    void variantsAnswerTheSameQuestions() throws IOException {
        Path json = folder.resolve("lines.jsonl");
        String out = run("--shots=2", "--samples=3", "--variants=full,ours", "--json=" + json)
                .succeeded()
                .out();
        assertTrue(out.contains("accuracy, %"), out);
        assertTrue(out.contains("by likelihood a byte, %"), out);
        assertTrue(out.contains("above full"), out);
        List<String> lines = Files.readAllLines(json);
        assertEquals(2, lines.size());
        Map<String, Object> tree = JSON.std.mapFrom(lines.getLast());
        assertEquals("choice", tree.get("kind"));
        assertEquals("piqa", tree.get("task"));
        assertEquals("ours", tree.get("variant"));
        assertEquals(2, tree.get("shots"));
        assertEquals(3, ((List<?>) tree.get("scores")).size());
        assertEquals(3, ((List<?>) ((Map<?, ?>) tree.get("normalised")).get("scores")).size());
        Map<?, ?> answer = (Map<?, ?>) ((List<?>) tree.get("answers")).getFirst();
        assertEquals(List.of("walk."), answer.get("references"));
    }

    @Test
    void aQuestionIsShown() throws IOException {
        String out = run("--shots=1", "--show").succeeded().out();
        assertTrue(
                out.contains("--- right: 'walk.' behind\nQuestion: To reach the old harbour 0\nAnswer: walk.\n\n"),
                out);
        assertTrue(out.contains("harbour 1\nAnswer:\n--- wrong: 'zqx zqx zqx.' behind\n"), out);
        Path train = Files.writeString(folder.resolve("train.jsonl"), LINE.replace("harbour %d", "mill"));
        String other =
                run("--shots=1", "--train=" + train, "--show").succeeded().out();
        assertTrue(other.contains("the old mill\nAnswer: walk.\n\nQuestion: To reach the old harbour 0\n"), other);
        assertFalse(other.contains("harbour 1"), other);
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        Session tooMany = run("--shots=13");
        assertEquals(1, tooMany.code());
        assertTrue(tooMany.err().contains("6 questions found, 13 to show and one to ask expected"), tooMany.err());
        Session train = run("--train=/no/such.jsonl");
        assertEquals(2, train.code());
        assertTrue(train.err().contains("--shots is 0"), train.err());
        Session missing = run("--shots=1", "--train=/no/such.jsonl");
        assertEquals(1, missing.code());
        assertTrue(missing.err().contains("/no/such.jsonl: no such file"), missing.err());
        Session format = Session.of("choice", "--task=quiz", "--file=x");
        assertEquals(2, format.code());
        assertTrue(format.err().contains("one of copa, piqa, openbookqa, rte, winogrande"), format.err());
        Path wrong = Files.writeString(folder.resolve("wrong.jsonl"), "{\"goal\": \"x\"\n");
        Session malformed = Session.of("choice", "--task=piqa", "--file=" + wrong);
        assertEquals(1, malformed.code());
        assertTrue(malformed.err().contains(wrong + ", line 1: '{\"goal\": \"x\"' found"), malformed.err());
        assertEquals(1, malformed.err().lines().count(), malformed.err());
    }

    private Session run(String... options) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 6; i++) {
            text.append(LINE.replace("%d", String.valueOf(i)));
        }
        Path file = Files.writeString(folder.resolve("piqa.jsonl"), text);
        return Session.of(Stream.concat(Stream.of("choice", "--task=piqa", "--file=" + file), Stream.of(options))
                .toArray(String[]::new));
    }
}
