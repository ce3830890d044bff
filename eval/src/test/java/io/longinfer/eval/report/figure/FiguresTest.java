package io.longinfer.eval.report.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.report.results.ResultLines;
import io.longinfer.eval.report.results.Results;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FiguresTest {
    @TempDir
    private Path folder;

    private final List<Map<String, Object>> lines = new ArrayList<>();

    private List<Figure> figures() throws IOException {
        Path file = ResultLines.write(folder.resolve("results.jsonl"), lines);
        return Figures.of(Results.read(List.of(file), warning -> {}));
    }

    private Figure figure(String id) throws IOException {
        return figures().stream()
                .filter(figure -> figure.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private void latency(String variant, double ratio, int tokens, double... millis) {
        for (int repetition = 0; repetition < millis.length; repetition++) {
            lines.add(ResultLines.latency(variant, ratio, tokens, repetition, millis[repetition]));
        }
    }

    @Test
    void latencyIsTheMedianOfTheRepetitions() throws IOException {
        latency("full", 0.1, 1000, 9, 3, 6);
        latency("ours", 0.1, 1000, 2);
        Figure figure = figure("latency-1");
        // Student's t for two degrees of freedom is 4.303; 3 / sqrt(3) times that is 7.452.
        assertEquals(
                "[1000.0, full, 3.0, 6.0, 3.0, 9.0, 6.0, 7.452]",
                figure.rows().get(0).toString().replaceFirst("7\\.452\\d*", "7.452"));
        assertEquals(
                "[1000.0, ours, 1.0, 2.0, NaN, NaN, 2.0, NaN]",
                figure.rows().get(1).toString());
        assertEquals("small · batch 1 · device 25 % and host 50 % of the KV", figure.setting());
        assertEquals(
                "longinfer sweep grid.yaml", figure.sources().runs().getFirst().command());
    }

    @Test
    void speedUpIsTheRatioOfMedians() throws IOException {
        latency("full", 0.1, 1000, 8, 9, 40);
        latency("quest", 0.1, 1000, 4, 3, 10);
        latency("ours", 0.1, 1000, 2, 3, 8);
        latency("ours", 0.2, 1000, 4);
        // 3 runs drawn 3 times are all the least, or all the greatest, often enough to end the intervals there
        assertEquals(
                List.of(
                        List.of(1000.0, "quest", 3.0, 3.0, 9.0 / 4, 8.0 / 10, 40.0 / 3),
                        List.of(1000.0, "ours ratio 0.1", 3.0, 3.0, 9.0 / 3, 8.0 / 8, 40.0 / 2),
                        List.of(1000.0, "ours ratio 0.2", 1.0, 3.0, 9.0 / 4, Double.NaN, Double.NaN)),
                figure("speed-up-against-full-1").rows());
        // quest has no run at ratio 0.2
        assertEquals(
                List.of("full", "ours ratio 0.1"),
                figure("speed-up-against-quest-1").rows().stream()
                        .map(row -> row.get(1))
                        .toList());
    }

    @Test
    void throttledAndModelledRunsHaveFiguresOfTheirOwn() throws IOException {
        latency("full", 0.1, 1000, 8);
        Map<String, Object> throttled = ResultLines.latency("full", 0.1, 1000, 0, 30);
        throttled.put("configuration", Map.of("emulatedDiskBytesPerSecond", 500_000_000, "selection", Map.of()));
        lines.add(throttled);
        lines.add(ResultLines.modelled("full", 0.1, 1000, 50));
        List<Figure> latencies = figures().stream()
                .filter(figure -> figure.id().contains("latency"))
                .toList();
        assertEquals(
                List.of("latency-1", "latency-2", "modelled-latency-1"),
                latencies.stream().map(Figure::id).toList());
        for (Figure figure : latencies) {
            assertEquals(1, figure.rows().size());
        }
        assertTrue(
                latencies.get(1).setting().contains("THROTTLED: disk 500 MB/s"),
                latencies.get(1).setting());
        assertFalse(latencies.get(0).setting().contains("THROTTLED"));
        assertTrue(latencies.get(2).title().startsWith("MODELLED: "));
        assertTrue(
                latencies.get(2).setting().contains("MODELLED machine desktop: disk 7 GB/s"),
                latencies.get(2).setting());
    }

    @Test
    void theMeanIsOverTheTasksThatAllVariantsDid() throws IOException {
        lines.add(ResultLines.accuracy("full", 0.1, "a", 1.0, 1.0));
        lines.add(ResultLines.accuracy("full", 0.1, "b", 1.0, 0.0));
        lines.add(ResultLines.accuracy("full", 0.1, "c", 0.0, 0.0));
        lines.add(ResultLines.accuracy("ours", 0.1, "a", 1.0, 0.0));
        lines.add(ResultLines.accuracy("ours", 0.1, "b", 1.0, 1.0, 1.0));
        Figure tasks = figure("tasks-1");
        assertEquals(
                List.of(
                        "a full 1.0",
                        "a ours 0.5",
                        "b full 0.5",
                        "b ours 1.0",
                        "c full 0.0",
                        "mean full 0.75",
                        "mean ours 0.75"),
                tasks.rows().stream()
                        .map(row -> row.get(0) + " " + row.get(1) + " " + row.get(3))
                        .toList());
        Figure budget = figure("accuracy-1");
        assertEquals(
                List.of("1.0 full 0.75", "0.1 ours 0.75"),
                budget.rows().stream()
                        .map(row -> row.get(0) + " " + row.get(1) + " " + row.get(3))
                        .toList());
        assertTrue(budget.note().startsWith("Mean over a, b,"), budget.note());
    }

    @Test
    void perplexityIsComparedTokenByToken() throws IOException {
        lines.add(ResultLines.perplexity("full", 0.1, 20, 3.0, 2.0, 1.0));
        lines.add(ResultLines.perplexity("ours", 0.1, 22, 3.1, 2.1, 1.1));
        Figure figure = figure("perplexity-1");
        List<Object> ours = figure.rows().get(1);
        assertEquals(0.1, Figure.number(ours, 4), 1e-12);
        assertEquals(Math.expm1(0.1), Figure.number(ours, 5), 1e-9);
        assertEquals(Math.expm1(0.1), Figure.number(ours, 6), 1e-9);
        lines.removeFirst();
        assertEquals("Perplexity", figure("perplexity-1").title());
    }

    @Test
    void layersAndHeatAreMeansOfTheRuns() throws IOException {
        latency("ours", 0.1, 1000, 5, 6);
        lines.getFirst().put("heat", List.of(List.of(0.0, 0.5, 1.0), List.of(0.25, 1.0, 1.0)));
        assertEquals(List.of(0.5, 0.5, 0.5), figure("heat-1").rows().get(0).subList(1, 4));
        assertEquals(
                List.of(List.of(0.0, "ours", 2.0, 0.25, 0.25, 0.25), List.of(1.0, "ours", 2.0, 0.5, 0.5, 0.5)),
                figure("deserts-1").rows());
        assertEquals(
                List.of(List.of(0.0, "ours", 2.0, 0.75, 0.75, 0.75)),
                figure("recall-1").rows());
    }

    @Test
    void aSeriesNamesWhatDiffers() throws IOException {
        latency("full", 0.1, 1000, 5);
        latency("full", 0.2, 1000, 6);
        latency("ours", 0.1, 1000, 5);
        Map<String, Object> codec = ResultLines.latency("ours", 0.1, 1000, 0, 7);
        codec.put("configuration", Map.of("codec", "int8", "selection", Map.of("ratio", 0.1, "sinkTokens", 32)));
        lines.add(codec);
        assertEquals(
                List.of("full", "ours codec –, sinkTokens 16", "ours codec int8, sinkTokens 32"),
                figure("latency-1").rows().stream().map(row -> row.get(1)).toList());
    }
}
