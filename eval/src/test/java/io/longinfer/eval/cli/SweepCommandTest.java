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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepCommandTest {
    private static final String LATENCY = """
            name: small
            measure: latency
            tokens: 600
            batches: [1, 2]
            variants: [full, ours]
            kv: {ratio: 0.2}
            device-shares: 0.5
            host-shares: 0.5
            repetitions: 1
            warm-up: 1
            steps: 2
            """;

    @TempDir
    private Path folder;

    private Session sweep(String yaml, String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("sweep.yaml"), yaml);
        List<String> arguments = new ArrayList<>(
                List.of("sweep", file.toString(), "-o", results().toString()));
        arguments.addAll(List.of(more));
        return Session.of(arguments.toArray(String[]::new));
    }

    private Path results() {
        return folder.resolve("results.jsonl");
    }

    private List<Map<String, Object>> lines() throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(results())) {
            lines.add(JSON.std.mapFrom(line));
        }
        return lines;
    }

    @Test
    void anInterruptedSweepGoesOnWhereItWas() throws IOException {
        String planned = sweep(LATENCY, "--dry-run").succeeded().out();
        assertTrue(sweep(LATENCY).succeeded().out().startsWith("4 runs in "));
        assertEquals(
                planned.lines().toList(),
                lines().stream().map(line -> line.get("id")).toList());
        for (Map<String, Object> line : lines()) {
            assertEquals("latency", line.get("kind"));
            assertEquals(2, ((List<?>) line.get("stepMillis")).size());
            assertEquals(line.get("variant").equals("full") ? "full" : "adaptive", selector(line));
            assertTrue(((Map<?, ?>) line.get("environment")).containsKey("commit"));
        }
        List<String> whole = Files.readAllLines(results());
        Files.writeString(
                results(),
                whole.get(0) + "\n" + whole.get(1) + "\n" + whole.get(2).substring(0, 100));
        assertTrue(sweep(LATENCY).succeeded().out().contains(", 2 of them new"));
        assertEquals(whole.subList(0, 2), Files.readAllLines(results()).subList(0, 2));
        assertEquals(
                planned.lines().toList(),
                lines().stream().map(line -> line.get("id")).toList());
    }

    private static Object selector(Map<String, Object> line) {
        return ((Map<?, ?>) line.get("configuration")).get("selector");
    }

    @Test
    void aPromptThatEachRunReadsItselfIsTimed() throws IOException {
        sweep(LATENCY + "prefill: own\n").succeeded();
        for (Map<String, Object> line : lines()) {
            assertTrue(((Number) line.get("timeToFirstTokenMillis")).doubleValue() > 0, line.toString());
        }
    }

    @Test
    void whatCannotRunIsSaidBeforeTheFirstRun() throws IOException {
        Session session = sweep(LATENCY.replace("ratio: 0.2", "ratio: [0.2, 2]"));
        assertEquals(1, session.code());
        assertTrue(session.err().contains("sweep.yaml: kv: "), session.err());
        assertTrue(session.err().contains("'2'"), session.err());
        session = sweep(LATENCY.replace("ratio", "ration"));
        assertTrue(session.err().contains("--ration"), session.err());
    }

    @Test
    void aRunThatDoesNotFitIsNamed() throws IOException {
        Session session = sweep(LATENCY.replace("device-shares: 0.5", "device-shares: 0.01"));
        assertEquals(1, session.code());
        assertTrue(session.err().contains("run 'needle tokens=600 batch="), session.err());
        assertTrue(session.err().contains("device budget of"), session.err());
    }

    @Test
    void answersAreScored() throws IOException {
        sweep("{measure: accuracy, tasks: [niah_single_1, fwe], tokens: 700, variants: [full, ours], samples: 2}")
                .succeeded();
        assertEquals(4, lines().size());
        for (Map<String, Object> line : lines()) {
            assertEquals("accuracy", line.get("kind"));
            assertEquals(2, ((List<?>) line.get("scores")).size());
            assertEquals("journal", line.get("haystack"));
        }
    }

    @Test
    void aTextIsForetold() throws IOException {
        Files.writeString(folder.resolve("text.txt"), "The keeper walked to the mill. ".repeat(60));
        sweep("{measure: perplexity, text: text.txt, tokens: 200, variants: [full, quest], samples: 2}")
                .succeeded();
        assertEquals(2, lines().size());
        for (Map<String, Object> line : lines()) {
            assertEquals("perplexity", line.get("kind"));
            assertEquals(200, ((Map<?, ?>) line.get("nll")).get("count"));
            assertTrue(((Number) line.get("perplexity")).doubleValue() > 1);
        }
    }
}
