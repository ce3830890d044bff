package io.longinfer.eval.perplexity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.PipelineMetrics;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PerplexityTableTest {
    @Test
    void bucketsAreFourPartsOrMultiples() {
        assertEquals(
                List.of(
                        new ContextBucket(9, 11),
                        new ContextBucket(11, 13),
                        new ContextBucket(13, 15),
                        new ContextBucket(15, 17)),
                ContextBucket.of(new Windows(100, 16, 8, 8), OptionalInt.empty()));
        Windows windows = new Windows(5000, 1600, 800, 800);
        List<String> labels = ContextBucket.of(windows, OptionalInt.of(512)).stream()
                .map(ContextBucket::label)
                .toList();
        assertEquals(List.of("513 to 1024", "1025 to 1536", "1537 to 2048"), labels);
        assertEquals(
                List.of(new ContextBucket(1, 1022)),
                ContextBucket.of(new Windows(2000, 1021, 1021, 0), OptionalInt.of(1021)));
    }

    @Test
    void differencesAreSaidByContext() {
        TextResult full = result(Variant.FULL, Math.log(2), Math.log(2), Math.log(4));
        TextResult ours = result(Variant.OURS, Math.log(2), Math.log(2), Math.log(8));
        List<ContextBucket> buckets =
                List.of(new ContextBucket(1, 3), new ContextBucket(3, 5), new ContextBucket(5, 7));
        // 2 ^ (4 / 3), 2 ^ (5 / 3), and 2 ^ (1 / 3) times as much; the deviation of 0, 0 and ln 2 is 0.4002.
        assertEquals("""
                tokens before  scored   full   ours              above full, %
                all                 3  2.520  3.175  +25.99 (-19.89 to +98.16)
                1 to 2              2  2.000  2.000     +0.00 (+0.00 to +0.00)
                3 to 4              1  4.000  8.000       +100.00 (NaN to NaN)
                """, new PerplexityTable(List.of(full, ours), buckets).toString());
        Map<String, Object> tree = ours.toTree(full, buckets);
        assertEquals("full", tree.get("against"));
        assertEquals(Math.log(2) / 3, (Double) ((Map<?, ?>) tree.get("above")).get("mean"), 1e-12);
        assertEquals(2, ((List<?>) tree.get("contexts")).size());
        assertThrows(IllegalArgumentException.class, () -> new PerplexityTable(List.of(), buckets));
    }

    private static TextResult result(Variant variant, double... nll) {
        Likelihoods likelihoods = new Likelihoods();
        for (int i = 0; i < nll.length; i++) {
            likelihoods.add(i + 1, nll[i]);
        }
        KvMetrics none = new KvMetrics(
                List.of(), List.of(), List.of(), List.of(), new PipelineMetrics(0, 0, 0, 0, 0, "", 0, 0), false, 0);
        return new TextResult(variant, KvConfig.defaults(), 20, likelihoods, new long[3], none);
    }
}
