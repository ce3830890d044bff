package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
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

/** Sequences that decode together make what each makes alone, to the bit. */
class BatchSessionTest {
    private static final int STEPS = 24;
    private static final int BLOCK = 256;
    private static final long KIB = 1024;

    private static Model model;
    private static Engine engine;
    private static List<int[]> prompts;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        engine = Engine.cpu(2);
        int[] ids;
        try (InputStream golden = BatchSessionTest.class.getResourceAsStream("/needle/golden.json")) {
            ids = Golden.read(golden).cases().get("journal-1000").ids();
        }
        prompts = List.of(
                Arrays.copyOfRange(ids, 0, 900),
                Arrays.copyOfRange(ids, 100, 117),
                Arrays.copyOfRange(ids, 300, 620),
                Arrays.copyOfRange(ids, 500, 501),
                Arrays.copyOfRange(ids, 200, 407),
                Arrays.copyOfRange(ids, 700, 850));
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    @Test
    void fourPromptsOnTheDevice() throws IOException {
        check(KvConfig.defaults(), prompts.subList(0, 4));
    }

    @Test
    void fourPromptsOverThreeTiers() throws IOException {
        KvConfig config = KvConfig.defaults().toBuilder()
                .abstractPrecision(AbstractPrecision.INT8)
                .budgets(1024 * KIB, 2816 * KIB, 64 * 1024 * KIB)
                .diskDirectory(directory)
                .build();
        // What a tier takes whatever the context does not fit a share that is very small.
        check(config, List.of(prompts.get(0), prompts.get(4), prompts.get(2), prompts.get(5)));
    }

    /** Tokens and logits of the batch, the third sequence taking part in every other step only, against each alone. */
    private static void check(KvConfig config, List<int[]> prompts) throws IOException {
        int[] contexts =
                prompts.stream().mapToInt(prompt -> prompt.length + STEPS).toArray();
        List<List<float[]>> batch = new ArrayList<>();
        try (BatchSession session = engine.openBatch(model.weights(), config, contexts, BLOCK)) {
            int[] next = new int[4];
            for (int s = 0; s < 4; s++) {
                session.prefill(s, prompts.get(s), (done, total) -> {});
                batch.add(new ArrayList<>(List.of(session.logits(s).clone())));
            }
            for (int step = 0; step < STEPS; step++) {
                for (int s = 0; s < 4; s++) {
                    boolean rests = s == 2 && step % 2 == 1;
                    next[s] = rests ? BatchSession.NO_TOKEN : Sampler.argmax(session.logits(s));
                }
                session.decode(next);
                for (int s = 0; s < 4; s++) {
                    if (next[s] != BatchSession.NO_TOKEN) {
                        batch.get(s).add(session.logits(s).clone());
                    }
                }
            }
        }
        for (int s = 0; s < 4; s++) {
            try (InferenceSession alone =
                    engine.open(model.weights(), share(config, contexts, s), contexts[s], BLOCK)) {
                alone.prefill(prompts.get(s), (done, total) -> {});
                for (int step = 0; step < batch.get(s).size(); step++) {
                    assertArrayEquals(alone.logits(), batch.get(s).get(step), "sequence " + s + ", step " + step);
                    if (step + 1 < batch.get(s).size()) {
                        alone.decode(Sampler.argmax(alone.logits()));
                    }
                }
            }
        }
    }

    /** What of the budgets a sequence has in a batch. */
    private static KvConfig share(KvConfig whole, int[] contexts, int sequence) {
        double share = (double) contexts[sequence] / Arrays.stream(contexts).sum();
        return whole.toBuilder()
                .budgets(
                        part(whole.deviceBudgetBytes(), share),
                        part(whole.hostBudgetBytes(), share),
                        part(whole.diskBudgetBytes(), share))
                .build();
    }

    private static long part(long budget, double share) {
        return budget == ByteSize.UNLIMITED ? budget : (long) (budget * share);
    }

    @Test
    void oneSequenceStartsAnew() throws IOException {
        int[] contexts = {64, 64};
        try (BatchSession session = engine.openBatch(model.weights(), KvConfig.defaults(), contexts, BLOCK)) {
            session.prefill(0, prompts.get(1), (done, total) -> {});
            session.prefill(1, prompts.get(1), (done, total) -> {});
            float[] logits = session.logits(0).clone();
            assertArrayEquals(logits, session.logits(1));
            session.reset(0);
            session.prefill(0, prompts.get(1), (done, total) -> {});
            assertArrayEquals(logits, session.logits(0));
            assertEquals(17, session.tokens(1));
        }
    }

    @Test
    void noTokenIsReadWhereOneDoesNotFit() throws IOException {
        int[] contexts = {18, 64};
        try (BatchSession session = engine.openBatch(model.weights(), KvConfig.defaults(), contexts, BLOCK)) {
            session.prefill(0, prompts.get(1), (done, total) -> {});
            session.decode(new int[] {1, 1});
            assertThrows(ContextOverflowException.class, () -> session.decode(new int[] {1, 1}));
            assertEquals(1, session.tokens(1));
            session.decode(new int[] {BatchSession.NO_TOKEN, 1});
            assertEquals(2, session.tokens(1));
            assertThrows(IllegalArgumentException.class, () -> session.decode(new int[] {1}));
        }
    }
}
