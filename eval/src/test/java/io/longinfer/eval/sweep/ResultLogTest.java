package io.longinfer.eval.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.report.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultLogTest {
    private static final Environment HERE = new Environment("1", "c1", "jvm", "os", "cpu", 2, 1);

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("results.jsonl");
    }

    private ResultLog open() throws IOException {
        return ResultLog.open(file, "s", HERE, false);
    }

    private static Map<String, Object> line(String id) {
        return Map.of("sweep", "s", "id", id, "environment", Map.of("commit", "c1", "processor", "cpu"));
    }

    private void write(String... ids) throws IOException {
        try (ResultLog log = open()) {
            for (String id : ids) {
                log.append(line(id));
            }
        }
    }

    @Test
    void whatIsThereIsDone() throws IOException {
        write("a", "b\n\"ü\"");
        write("c");
        try (ResultLog log = open()) {
            assertEquals(Set.of("a", "b\n\"ü\"", "c"), log.done());
        }
        assertEquals(3, Files.readAllLines(file).size());
    }

    @Test
    void cutAnywhereOnlyTheCutLineIsLost() throws IOException {
        write("a", "b");
        byte[] whole = Files.readAllBytes(file);
        int first = new String(whole, java.nio.charset.StandardCharsets.UTF_8).indexOf('\n') + 1;
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            try (ResultLog log = open()) {
                assertEquals(length < first ? Set.of() : Set.of("a"), log.done(), "cut at " + length);
                log.append(line("c"));
            }
            try (ResultLog log = open()) {
                assertEquals(length < first ? Set.of("c") : Set.of("a", "c"), log.done());
            }
        }
    }

    @Test
    void resultsOfOthersAreRefused() throws IOException {
        write("a");
        assertRefused("results.jsonl: line 1 is a result of sweep 's', not of 't'", "t", HERE);
        Environment other = new Environment("1", "c2", "jvm", "os", "cpu", 2, 1);
        assertRefused("line 1 was made with commit 'c1', this is 'c2'; --mixed", "s", other);
        other = new Environment("1", "c1", "jvm", "os", "cpu9", 2, 1);
        assertRefused("line 1 was made with processor 'cpu', this is 'cpu9'", "s", other);
        try (ResultLog log = ResultLog.open(file, "s", other, true)) {
            assertEquals(Set.of("a"), log.done());
        }
        Files.writeString(file, "what?\n");
        assertRefused("line 1 is no JSON object", "s", HERE);
        assertEquals("what?\n", Files.readString(file));
    }

    private void assertRefused(String expected, String sweep, Environment environment) {
        SweepException refused =
                assertThrows(SweepException.class, () -> ResultLog.open(file, sweep, environment, false));
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }
}
