package io.longinfer.eval.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.comparison.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SweepFileTest {
    @TempDir
    private Path folder;

    private Sweep read(String yaml) throws IOException {
        return SweepFile.read(Files.writeString(folder.resolve("grid.yaml"), yaml));
    }

    @Test
    void listsAndSingleValuesAndDefaults() throws IOException {
        Sweep sweep = read("""
                measure: latency
                tokens: [1000, 2000]
                variants: ours
                kv:
                  ratio: [0.05, 0.1]
                  codec: auto
                """);
        assertEquals("grid", sweep.name());
        assertEquals(Sweep.Kind.LATENCY, sweep.kind());
        assertEquals(List.of(1000, 2000), sweep.tokens());
        assertEquals(List.of(Variant.OURS), sweep.variants());
        assertEquals(Map.of("ratio", List.of("0.05", "0.1"), "codec", List.of("auto")), sweep.kv());
        assertEquals(List.of("needle"), sweep.models());
        assertEquals(3, sweep.repetitions());
        assertEquals(2 * 2 * 3, sweep.cells().size());
    }

    @Test
    void fullAttentionRunsOnceForAllRatios() throws IOException {
        Sweep sweep = read("{measure: latency, variants: [full, ours], kv: {ratio: [0.05, 0.1, 0.2]}, repetitions: 2}");
        List<Cell> cells = sweep.cells();
        assertEquals(2 + 3 * 2, cells.size());
        assertEquals(
                2, cells.stream().filter(cell -> cell.variant() == Variant.FULL).count());
        assertEquals(8, cells.stream().map(Cell::id).distinct().count());
    }

    @Test
    void aTextIsFoundBesideTheSweep() throws IOException {
        assertEquals(
                folder.resolve("book.txt"),
                read("{measure: perplexity, text: book.txt}").text().orElseThrow());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "measure: speed                         | 'measure' is 'speed', one of latency, accuracy, perplexity",
                "tokens: [10]                           | 'measure' is '', one of latency",
                "{measure: latency, token: [10]}        | key 'token' found, one of name, measure",
                "{measure: latency, tokens: [0]}        | 'tokens' is '0', a whole number of at least 1",
                "{measure: latency, tokens: [1.5]}      | 'tokens' is '1.5', a whole number",
                "{measure: latency, tokens: []}         | 'tokens' is '[]', a value or a list",
                "{measure: latency, variants: [best]}   | 'variants' is 'best', one of full, ",
                "{measure: latency, device-shares: 2}   | 'device-shares' is '2', a share from 0 to 1",
                "{measure: latency, prefill: mine}      | 'prefill' is 'mine', shared",
                "{measure: latency, kv: fast}           | 'kv' is 'fast', options of KV",
                "{measure: latency, tasks: [vt]}        | 'tasks' are named where accuracy is measured",
                "measure: accuracy                      | 'tasks' are named where accuracy is measured",
                "measure: perplexity                    | 'text' names a file",
                "- 1                                    | a mapping of name, measure",
                "measure: [latency                      | no YAML: ",
            })
    void whatIsWrongIsNamed(String yaml, String expected) {
        SweepException wrong = assertThrows(SweepException.class, () -> read(yaml));
        assertTrue(wrong.getMessage().startsWith(folder.resolve("grid.yaml") + ": "), wrong.getMessage());
        assertTrue(wrong.getMessage().contains(expected), wrong.getMessage());
    }
}
