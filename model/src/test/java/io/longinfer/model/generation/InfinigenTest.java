package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.KvPlanException;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.kvcache.speculation.Speculation;
import io.longinfer.kvcache.speculation.SpeculationOptions;
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

/** InfiniGen's selector on a model. */
class InfinigenTest {
    private static final int STEPS = 20;
    private static final int CONTEXT = 640;

    private static Model model;
    private static Engine engine;
    private static int[] ids;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        engine = Engine.cpu(2);
        try (InputStream golden = InfinigenTest.class.getResourceAsStream("/needle/golden.json")) {
            ids = Golden.read(golden).cases().get("journal-1000").ids();
        }
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    private static KvConfig.Builder infinigen(double ratio) {
        return KvConfig.defaults().toBuilder().selector(SelectorKind.INFINIGEN).ratio(ratio);
    }

    private KvConfig overTiers(KvConfig config, int sequences) {
        return config.toBuilder()
                .budgets(384L * 1024 * sequences, 640L * 1024 * sequences, 64 << 20)
                .diskDirectory(directory)
                .build();
    }

    private record Outcome(List<float[]> logits, KvMetrics metrics) {}

    private static int[] prompt(int sequence) {
        return Arrays.copyOfRange(ids, 150 * sequence, 600);
    }

    /** Logits of some decoded tokens of each sequence, in turn, and the metrics of the first. */
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
        return new Outcome(logits, session.cache(0).metrics());
    }

    private static Outcome run(KvConfig config, int... sequences) throws IOException {
        int[] contexts = new int[sequences.length];
        Arrays.fill(contexts, CONTEXT);
        try (BatchSession session = engine.openBatch(model.weights(), config, contexts, 128)) {
            for (int s = 0; s < sequences.length; s++) {
                session.prefill(s, prompt(sequences[s]), (done, total) -> {});
            }
            return run(session);
        }
    }

    private static void assertSame(Outcome expected, Outcome actual) {
        for (int i = 0; i < expected.logits.size(); i++) {
            assertArrayEquals(expected.logits.get(i), actual.logits.get(i), "step " + i);
        }
    }

    @Test
    void ratioOneIsFullAttention() throws IOException {
        KvConfig full =
                KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();
        assertSame(run(full, 0), run(infinigen(1).build(), 0));
    }

    /** With all channels and no threshold, what is chosen is the best of the guessed scores: most of the true attention. */
    @Test
    void speculationFindsMostOfTheAttention() throws IOException {
        double[] recalls = new double[2];
        double[] partialRatios = {1, 0.2};
        for (int i = 0; i < 2; i++) {
            KvConfig config = infinigen(0.1)
                    .speculation(new SpeculationOptions(1e9, partialRatios[i]))
                    .recall(true)
                    .build();
            KvMetrics metrics = run(config, 0).metrics;
            for (LayerMetrics layer : metrics.layers()) {
                boolean speculated = layer.layer() >= Speculation.FULL_LAYERS;
                assertEquals(speculated, layer.selectedChunks() < layer.candidateChunks(), layer.toString());
                assertEquals(speculated, layer.recall() < 1, layer.toString());
                assertEquals(speculated, layer.selectedTokens() < 16 * layer.selectedChunks(), layer.toString());
            }
            recalls[i] = metrics.recall();
        }
        assertTrue(recalls[0] > 0.7, "recall " + recalls[0]);
        assertTrue(recalls[1] > 0.5 && recalls[1] <= recalls[0] + 0.05, "recalls " + Arrays.toString(recalls));
    }

    /** Fewer tokens are important at a smaller alpha. */
    @Test
    void alphaLimitsWhatIsAttended() throws IOException {
        long before = 0;
        for (double alpha : new double[] {0.5, 3, 20}) {
            KvConfig config = infinigen(0.3)
                    .speculation(new SpeculationOptions(alpha, 0.2))
                    .build();
            long selected = run(config, 0).metrics.layers().stream()
                    .mapToLong(LayerMetrics::selectedTokens)
                    .sum();
            assertTrue(selected >= before, "alpha " + alpha + " selects " + selected + ", less did " + before);
            before = selected;
        }
    }

    @Test
    void tiersReadAheadAndCompanyChangeNothing() throws IOException {
        KvConfig config = infinigen(0.1).build();
        Outcome first = run(overTiers(config, 1), 0);
        Outcome second = run(overTiers(config, 1), 1);
        // All chunks in one call of attention or in several: sums are rounded otherwise.
        assertArrayEquals(run(config, 0).logits.getFirst(), first.logits.getFirst(), 2e-3f);
        assertSame(
                first,
                run(
                        overTiers(config, 1).toBuilder()
                                .readAhead(ReadAheadMode.NEVER)
                                .build(),
                        0));
        Outcome both = run(overTiers(config, 2), 0, 1);
        for (int step = 0; step < STEPS; step++) {
            assertArrayEquals(first.logits.get(step), both.logits.get(2 * step), "step " + step);
            assertArrayEquals(second.logits.get(step), both.logits.get(2 * step + 1), "step " + step);
        }
    }

    @Test
    void aSequenceStartsAnewAndGoesOnWithASecondPrompt() throws IOException {
        KvConfig config = infinigen(0.1).build();
        int[] prompt = prompt(1);
        try (BatchSession session = engine.openBatch(model.weights(), config, new int[] {CONTEXT}, 128)) {
            session.prefill(0, prompt(0), (done, total) -> {});
            run(session);
            session.reset();
            session.prefill(0, prompt, (done, total) -> {});
            assertSame(run(config, 1), run(session));
            session.prefill(0, Arrays.copyOf(prompt, 50), (done, total) -> {});
            long selected = session.cache(0).metrics().layers().getLast().selectedChunks();
            session.decode(new int[] {prompt[0]});
            assertTrue(session.cache(0).metrics().layers().getLast().selectedChunks() > selected);
        }
    }

    /** Chunks that are adopted come with what their reader knows of the prompt. */
    @Test
    void adoptedPromptsAreSpeculatedToo() throws IOException {
        KvConfig config = infinigen(0.1).recall(true).build();
        KvConfig everything =
                KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();
        int[] prompt = prompt(0);
        int adopted = (prompt.length - 8) / 16 * 16;
        int[] rest = Arrays.copyOfRange(prompt, adopted, prompt.length);
        KvMetrics own = run(config, 0).metrics;
        for (boolean statistics : new boolean[] {true, false}) {
            KvConfig reads = everything.toBuilder().promptStatistics(statistics).build();
            try (BatchSession source = engine.openBatch(model.weights(), reads, new int[] {CONTEXT}, 128);
                    BatchSession session = engine.openBatch(model.weights(), config, new int[] {CONTEXT}, 128)) {
                source.prefill(0, prompt, (done, total) -> {});
                if (!statistics) {
                    assertThrows(IllegalStateException.class, () -> session.adopt(0, source, 0, adopted));
                } else {
                    session.adopt(0, source, 0, adopted);
                    session.prefill(0, rest, (done, total) -> {});
                    assertEquals(own.recall(), run(session).metrics.recall(), 0.02);
                }
            }
        }
    }

    /** A prompt too short to learn from is attended as a whole. */
    @Test
    void shortPromptsAreAttendedAsAWhole() throws IOException {
        KvConfig config = infinigen(0.1).build();
        try (BatchSession session = engine.openBatch(model.weights(), config, new int[] {CONTEXT}, 128)) {
            session.prefill(0, new int[] {ids[0], ids[1]}, (done, total) -> {});
            for (int i = 2; i < 200; i++) {
                session.decode(new int[] {ids[i]});
            }
            LayerMetrics last = session.cache(0).metrics().layers().getLast();
            assertEquals(last.candidateChunks(), last.selectedChunks());
            assertTrue(last.candidateChunks() > 0);
        }
    }

    @Test
    void partialKeysAreRefusedWhereTheyDoNotFit() {
        KvConfig config = infinigen(0.1)
                .budgets(256 << 10, 160 << 10, 64 << 20)
                .diskDirectory(directory)
                .abstractDeviceShare(0)
                .build();
        KvConfig all =
                config.toBuilder().speculation(new SpeculationOptions(4, 1)).build();
        KvPlanException refusal = assertThrows(KvPlanException.class, () -> run(all, 0));
        assertEquals("--host-budget", refusal.option());
    }
}
