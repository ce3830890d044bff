package io.longinfer.eval.accuracy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LinkMetrics;
import io.longinfer.kvcache.KvMetrics.PipelineMetrics;
import io.longinfer.kvcache.tier.Link;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreTableTest {
    @Test
    void scoresStandBesideEachOther() {
        List<TaskResult> first = List.of(
                result("a", Variant.FULL, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
                result("a", Variant.OURS, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1));
        List<TaskResult> second =
                List.of(result("bc", Variant.FULL, 0.25, 0.5, 0.75), result("bc", Variant.OURS, 0.25, 0.5, 0.75));
        List<String> lines = new ScoreTable("score", List.of(first, second))
                .toString()
                .lines()
                .toList();
        assertTrue(lines.getFirst().matches("score +full +ours"), lines.getFirst());
        assertTrue(lines.get(1).matches("a +100.0 \\(72.2 to 100.0\\) +80.0 \\(49.0 to 94.3\\)"), lines.get(1));
        assertTrue(lines.get(2).matches("bc +50.0 \\(0.0 to 100.0\\) +50.0 \\(0.0 to 100.0\\)"), lines.get(2));
        assertTrue(lines.get(3).matches("mean of tasks +75.0 \\+- .* 65.0 \\+- .*"), lines.get(3));
        assertTrue(lines.get(4).matches("above full +-10.0 \\+- .*"), lines.get(4)); // half of -20 and 0
        assertTrue(lines.get(5).matches("p \\(Wilcoxon\\) +0.500"), lines.get(5)); // two misses: 2 of 4 signs
        assertEquals(8, lines.size());
        assertThrows(IllegalArgumentException.class, () -> new ScoreTable("score", List.of()));
    }

    @Test
    void aGridHasDepthsAndLengths() {
        List<DepthGrid.Cell> cells = List.of(
                new DepthGrid.Cell(1, 1000, result("passkey", Variant.OURS, 1, 0)),
                new DepthGrid.Cell(0.25, 1000, result("passkey", Variant.OURS, 1, 1)),
                new DepthGrid.Cell(1, 200, result("passkey", Variant.OURS, 0, 0)));
        assertEquals("""
                passkey, ours, %  200 tokens  1000 tokens  all
                depth 0.25                            100  100
                depth 1.00                 0           50   25
                all                        0           75   50
                """, new DepthGrid(cells).toString());
        assertThrows(IllegalArgumentException.class, () -> new DepthGrid(List.of()));
    }

    @Test
    void resultsOfOneVariantAreMerged() {
        TaskResult merged = TaskResult.merged(
                List.of(result("a", Variant.OURS, 1, 0), result("a", Variant.OURS, 1), result("a", Variant.OURS, 0)));
        assertEquals(0.5, merged.score());
        assertEquals(4, merged.answers().size());
        assertEquals(8, merged.stepNanos().length);
    }

    private static TaskResult result(String task, Variant variant, double... scores) {
        List<Answer> answers = new ArrayList<>();
        for (double score : scores) {
            answers.add(new Answer(answers.size(), 10, "x", List.of("x"), score));
        }
        List<LinkMetrics> links = Arrays.stream(Link.values())
                .map(link -> new LinkMetrics(link, 0, 0, 0))
                .toList();
        KvMetrics none = new KvMetrics(
                List.of(), links, List.of(), List.of(), new PipelineMetrics(0, 0, 0, 0, 0, "", 0, 0), false, 0);
        return new TaskResult(task, variant, KvConfig.defaults(), 20, answers, new long[2 * scores.length], none);
    }
}
