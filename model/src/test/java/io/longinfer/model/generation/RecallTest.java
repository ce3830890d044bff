package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Measuring recall changes nothing, and gives the same whatever the tiers and however the prompt came. */
class RecallTest {
    private static final int STEPS = 4;

    private static Model model;
    private static Engine engine;
    private static int[] ids;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        engine = Engine.cpu(2);
        try (InputStream golden = RecallTest.class.getResourceAsStream("/needle/golden.json")) {
            ids = Golden.read(golden).cases().get("journal-1000").ids();
        }
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    private record Outcome(List<float[]> logits, List<KvMetrics> metrics) {}

    private static int[] prompt(int sequence) {
        return Arrays.copyOfRange(ids, 100 * sequence, 330 + 60 * sequence);
    }

    private static Outcome run(BatchSession session) throws IOException {
        List<float[]> logits = new ArrayList<>();
        int[] next = new int[session.sequences()];
        for (int step = 0; step < STEPS; step++) {
            for (int s = 0; s < next.length; s++) {
                next[s] = Sampler.argmax(session.logits(s));
            }
            session.decode(next);
            for (int s = 0; s < next.length; s++) {
                logits.add(session.logits(s).clone());
            }
        }
        List<KvMetrics> metrics = new ArrayList<>();
        for (int s = 0; s < next.length; s++) {
            metrics.add(session.cache(s).metrics());
        }
        return new Outcome(logits, metrics);
    }

    private static BatchSession opened(KvConfig config) throws IOException {
        return engine.openBatch(model.weights(), config, new int[] {400, 400}, 256);
    }

    private static Outcome whole(KvConfig config) throws IOException {
        try (BatchSession session = opened(config)) {
            for (int s = 0; s < 2; s++) {
                session.prefill(s, prompt(s), (done, total) -> {});
            }
            Outcome first = run(session);
            session.reset();
            for (int s = 0; s < 2; s++) {
                session.cache(s).resetMetrics();
                session.prefill(s, prompt(s), (done, total) -> {});
            }
            assertRecallsEqual(first, run(session));
            return first;
        }
    }

    private static void assertRecallsEqual(Outcome expected, Outcome actual) {
        for (int s = 0; s < 2; s++) {
            for (int layer = 0; layer < model.shape().layers(); layer++) {
                LayerMetrics one = expected.metrics.get(s).layers().get(layer);
                LayerMetrics other = actual.metrics.get(s).layers().get(layer);
                assertEquals(one.recall(), other.recall());
                assertEquals(STEPS, other.recallSteps());
                assertEquals(
                        expected.metrics.get(s).heat(), actual.metrics.get(s).heat());
            }
        }
    }

    @Test
    void measuringChangesNoLogits() throws IOException {
        KvConfig plain = KvConfig.defaults().toBuilder().ratio(0.1).build();
        Outcome measured = whole(plain.toBuilder().recall(true).build());
        try (BatchSession session = opened(plain)) {
            for (int s = 0; s < 2; s++) {
                session.prefill(s, prompt(s), (done, total) -> {});
            }
            Outcome unmeasured = run(session);
            for (int i = 0; i < measured.logits.size(); i++) {
                assertArrayEquals(unmeasured.logits.get(i), measured.logits.get(i));
            }
            assertTrue(Double.isNaN(unmeasured.metrics.getFirst().recall()));
            assertEquals(0, unmeasured.metrics.getFirst().probeBytes());
        }
        for (KvMetrics metrics : measured.metrics) {
            assertTrue(metrics.recall() > 0.3 && metrics.recall() < 1, "recall " + metrics.recall());
            long keys = model.shape().kvBytesPerToken() / 2;
            assertEquals(keys * (400 / 16 * 16), metrics.probeBytes());
        }
    }

    @Test
    void fullAttentionRecallsEverythingFromAnyTier() throws IOException {
        KvConfig full = KvConfig.defaults().toBuilder()
                .selector(SelectorKind.FULL)
                .recall(true)
                .budgets(256 << 10, 384 << 10, 64 << 20)
                .diskDirectory(directory)
                .build();
        for (KvMetrics metrics : whole(full).metrics) {
            metrics.layers().forEach(layer -> assertEquals(1, layer.recall()));
            metrics.heat()
                    .forEach(layer -> layer.shares().stream()
                            .filter(share -> !share.isNaN()) // fewer chunks than bins
                            .forEach(share -> assertEquals(1, share)));
        }
    }

    @Test
    void adoptedPromptsAreMeasuredToo() throws IOException {
        KvConfig config = KvConfig.defaults().toBuilder()
                .selector(SelectorKind.QUEST)
                .ratio(0.1)
                .recall(true)
                .build();
        Outcome whole = whole(config);
        KvConfig everything =
                KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();
        try (BatchSession source = opened(everything);
                BatchSession adopting = opened(config)) {
            for (int s = 0; s < 2; s++) {
                source.prefill(s, prompt(s), (done, total) -> {});
                int adopted = (prompt(s).length - 8) / 16 * 16;
                adopting.adopt(s, source, s, adopted);
                adopting.prefill(s, Arrays.copyOfRange(prompt(s), adopted, prompt(s).length), (done, total) -> {});
            }
            Outcome outcome = run(adopting);
            for (int s = 0; s < 2; s++) {
                assertEquals(
                        whole.metrics.get(s).recall(), outcome.metrics.get(s).recall(), 1e-3);
            }
            KvMetrics sum = KvMetrics.sum(outcome.metrics);
            LayerMetrics first = outcome.metrics.get(0).layers().get(1);
            LayerMetrics second = outcome.metrics.get(1).layers().get(1);
            assertEquals(
                    (first.recall() + second.recall()) / 2, sum.layers().get(1).recall(), 1e-12);
            assertEquals(
                    first.selectedChunks() + second.selectedChunks(),
                    sum.layers().get(1).selectedChunks());
            assertEquals(2 * first.recallSteps(), sum.layers().get(1).recallSteps());
        }
    }
}
