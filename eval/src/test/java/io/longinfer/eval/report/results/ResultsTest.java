package io.longinfer.eval.report.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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

class ResultsTest {
    @TempDir
    private Path folder;

    private final List<String> warnings = new ArrayList<>();

    private Results read(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("results.jsonl"), text);
        return Results.read(List.of(file), warnings::add);
    }

    private static String line(String variant, int tokens) throws IOException {
        return JSON.std.asString(ResultLines.latency(variant, 0.1, tokens, 0, 5)) + "\n";
    }

    @Test
    void theOrderOfTheRunsDoesNotMatter() throws IOException {
        Results results = read(line("ours", 2000) + line("zebra", 1000) + line("ours", 1000) + line("full", 1000));
        assertEquals(
                List.of("full 1000", "ours 1000", "zebra 1000", "ours 2000"),
                results.all().stream()
                        .map(result -> result.variant() + " " + result.documentTokens())
                        .toList());
        assertEquals(List.of(), warnings);
    }

    @Test
    void aLastLineCutAnywhereIsLeftOut() throws IOException {
        String whole = line("full", 1000);
        String cut = line("ours", 1000).strip();
        for (int length = 1; length < cut.length(); length++) {
            warnings.clear();
            assertEquals(1, read(whole + cut.substring(0, length)).all().size());
            assertEquals(1, warnings.size());
            assertTrue(
                    warnings.getFirst().endsWith("results.jsonl: line 2 is cut off and left out"), warnings.toString());
        }
        assertEquals(2, read(whole + cut).all().size());
    }

    @Test
    void aMalformedLineIsNamed() throws IOException {
        for (String wrong : List.of("{\"kind\": ", "[1]", "5", "x", "{\"a\":1}}")) {
            String text = line("full", 1000) + wrong + "\n" + line("ours", 1000);
            ResultException thrown = assertThrows(ResultException.class, () -> read(text), wrong);
            assertTrue(thrown.getMessage().contains("results.jsonl: line 2: "), thrown.getMessage());
        }
    }

    @Test
    void nothingIsAnError() {
        for (String nothing : List.of("", "\n\n", "{\"kind\":\"bench\"}\n")) {
            ResultException thrown = assertThrows(ResultException.class, () -> read(nothing));
            assertTrue(thrown.getMessage().contains("no results found"), thrown.getMessage());
        }
    }

    @Test
    void unknownKindsAndRepeatedLinesAreLeftOut() throws IOException {
        assertEquals(
                1,
                read(line("full", 1000) + "{\"kind\":\"bench\"}\n{}\n" + line("full", 1000))
                        .all()
                        .size());
        assertEquals(3, warnings.size());
        assertTrue(warnings.get(0).contains("line 2 is of kind 'bench'"), warnings.toString());
        assertTrue(warnings.get(2).contains("line 4 was read before"), warnings.toString());
    }

    @Test
    void aWrongValueIsNamed() {
        Result result = new Result(
                Path.of("r.jsonl"),
                7,
                Map.of("medianMillis", "fast", "scores", 3, "layers", List.of(1), "configuration", "none"));
        assertMessage(
                () -> result.number("medianMillis"), "r.jsonl: line 7: 'medianMillis' is 'fast', a number expected");
        assertMessage(() -> result.number("meanMillis"), "'meanMillis' is 'missing'");
        assertMessage(() -> result.numbers("scores"), "'scores' is '3', a list expected");
        assertMessage(() -> result.objects("layers"), "'layers' is '1', objects expected");
        assertMessage(() -> result.flat("configuration"), "an object expected");
        assertMessage(result::variant, "'variant' is 'missing', a text expected");
    }

    private static void assertMessage(Runnable wrong, String expected) {
        String message = assertThrows(ResultException.class, wrong::run).getMessage();
        assertTrue(message.contains(expected), message);
    }

    @Test
    void linesOfDifferentMachinesAndCommitsAreSaid() {
        Map<String, Object> other = ResultLines.latency("ours", 0.1, 1000, 0, 5);
        other.put("environment", ResultLines.environment("decade-dirty", "Another processor"));
        Sources sources = Sources.of(List.of(
                new Result(Path.of("a"), 1, ResultLines.latency("full", 0.1, 1000, 0, 5)),
                new Result(Path.of("a"), 2, ResultLines.latency("ours", 0.1, 1000, 0, 5)),
                new Result(Path.of("a"), 3, other)));
        assertEquals(
                List.of(2, 1), sources.runs().stream().map(Sources.Run::lines).toList());
        assertEquals(
                List.of(
                        "Lines of different commits are in this figure: c0ffee; decade-dirty.",
                        "Lines of different processors are in this figure: A processor, 2 processors;"
                                + " Another processor, 2 processors.",
                        "Made from sources that were not committed."),
                sources.warnings());
    }
}
