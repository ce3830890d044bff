package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.selection.SelectionBudget;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Selectors that decide without queries, on a model. */
class BaselinesTest {
    private static final int STEPS = 24;
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
        try (InputStream golden = BaselinesTest.class.getResourceAsStream("/needle/golden.json")) {
            ids = Golden.read(golden).cases().get("journal-1000").ids();
        }
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    private static KvConfig config(SelectorKind selector, double ratio) {
        return KvConfig.defaults().toBuilder()
                .selector(selector)
                .selection(new SelectionBudget(ratio, 1, Math.max(ratio, 0.5), 16, 48))
                .build();
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

    @ParameterizedTest
    @EnumSource(names = {"STREAMING", "H2O", "H2O_CHUNKED"})
    void ratioOneIsFullAttention(SelectorKind selector) throws IOException {
        assertSame(run(config(SelectorKind.FULL, 1), 0), run(config(selector, 1), 0));
    }

    @ParameterizedTest
    @EnumSource(names = {"STREAMING", "H2O", "H2O_CHUNKED"})
    void budgetsAreThoseOfOthers(SelectorKind selector) throws IOException {
        KvMetrics quest = run(config(SelectorKind.QUEST, 0.1), 0).metrics;
        for (LayerMetrics layer : run(config(selector, 0.1), 0).metrics.layers()) {
            long most = quest.layers().get(layer.layer()).selectedTokens();
            // Whatever was evicted is missing until the window has moved on.
            assertTrue(layer.selectedTokens() > 0.97 * most && layer.selectedTokens() <= most, layer + " of " + most);
            if (selector == SelectorKind.H2O) {
                assertTrue(layer.selectedChunks() * 16 > layer.selectedTokens() * 1.2, layer.toString());
            } else {
                assertEquals(16 * layer.selectedChunks(), layer.selectedTokens());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STREAMING", "H2O", "H2O_CHUNKED"})
    void tiersReadAheadAndCompanyChangeNothing(SelectorKind selector) throws IOException {
        KvConfig config = config(selector, 0.1);
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

    @ParameterizedTest
    @EnumSource(names = {"STREAMING", "H2O", "H2O_CHUNKED"})
    void aSequenceStartsAnew(SelectorKind selector) throws IOException {
        KvConfig config = config(selector, 0.1);
        try (BatchSession session = engine.openBatch(model.weights(), config, new int[] {CONTEXT}, 128)) {
            session.prefill(0, prompt(0), (done, total) -> {});
            run(session);
            session.reset();
            session.prefill(0, prompt(1), (done, total) -> {});
            assertSame(run(config, 1), run(session));
        }
    }

    /** What a cache has learned of a prompt goes over with its chunks, what it learned later does not. */
    @ParameterizedTest
    @EnumSource(names = {"H2O", "H2O_CHUNKED"})
    void adoptedPromptsAreAsIfRead(SelectorKind selector) throws IOException {
        KvConfig config = config(selector, 0.1);
        int[] prompt = prompt(0);
        int adopted = (prompt.length - 8) / 16 * 16;
        int[] start = Arrays.copyOf(prompt, adopted);
        int[] rest = Arrays.copyOfRange(prompt, adopted, prompt.length);
        KvConfig everything = config(SelectorKind.FULL, 1);
        KvConfig keeps = everything.toBuilder().tokenStatistics(true).build();
        int[] contexts = {CONTEXT};
        try (BatchSession source = engine.openBatch(model.weights(), keeps, contexts, 128);
                BatchSession ignorant = engine.openBatch(model.weights(), everything, contexts, 128);
                BatchSession adopter = engine.openBatch(model.weights(), config, contexts, 128);
                BatchSession own = engine.openBatch(model.weights(), config, contexts, 128)) {
            source.prefill(0, start, (done, total) -> {});
            source.cache(0).endStatistics();
            source.prefill(0, rest, (done, total) -> {});
            run(source);
            adopter.adopt(0, source, 0, adopted);
            own.prefill(0, start, (done, total) -> {});
            for (BatchSession session : List.of(adopter, own)) {
                session.prefill(0, rest, (done, total) -> {});
            }
            assertSame(run(own), run(adopter));
            ignorant.prefill(0, start, (done, total) -> {});
            adopter.reset();
            assertThrows(IllegalStateException.class, () -> adopter.adopt(0, ignorant, 0, adopted));
        }
    }

    /** Heavy hitters hold more of the attention than a window of the same size. */
    @Test
    void heavyHittersRecallMoreThanAWindow() throws IOException {
        double[] recalls = new double[3];
        SelectorKind[] selectors = {SelectorKind.STREAMING, SelectorKind.H2O, SelectorKind.ORACLE};
        for (int i = 0; i < selectors.length; i++) {
            KvConfig config = config(selectors[i], 0.1).toBuilder().recall(true).build();
            recalls[i] = run(config, 0).metrics.recall();
        }
        assertTrue(recalls[0] < recalls[1] && recalls[1] < recalls[2], Arrays.toString(recalls));
    }
}
