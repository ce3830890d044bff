package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A real model decodes the same logits, to the bit, whether the next layer's chunks are read ahead or not. */
class ReadAheadLogitsTest {
    private static final int STEPS = 16;
    private static final int BLOCK = 256;
    private static final long KIB = 1024;

    private static Model model;
    private static Engine engine;
    private static int[] ids;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        engine = Engine.cpu(2);
        try (InputStream golden = ReadAheadLogitsTest.class.getResourceAsStream("/needle/golden.json")) {
            ids = Golden.read(golden).cases().get("journal-1000").ids();
        }
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    @ParameterizedTest
    @CsvSource({"FP16, 0, 1", "INT8, 0, 1", "INT8, 0.5, 1", "FP16, 0, 3", "INT8, 0, 3", "INT8, 0.5, 3"})
    void logitsAreTheSameToTheBit(Precision precision, double coarse, int batch) throws IOException {
        KvConfig config = KvConfig.defaults().toBuilder()
                .codecChoice(new KvConfig.CodecChoice(Optional.of(new Codec(precision, false)), coarse))
                .budgets(512 * KIB * batch, 640 * KIB * batch, 64 * 1024 * KIB)
                .diskDirectory(directory)
                .readAhead(ReadAheadMode.NEVER)
                .build();
        List<float[]> expected = decode(config, batch);
        KvConfig ahead = config.toBuilder().readAhead(ReadAheadMode.ALWAYS).build();
        same(expected, decode(ahead, batch));
        same(
                expected,
                decode(ahead.toBuilder().readAhead(ReadAheadMode.MEASURED).build(), batch));
        same(
                expected,
                decode(
                        ahead.toBuilder()
                                .ioBackend(DiskIo.Backend.THREADS)
                                .ioDepth(2)
                                .emulatedDiskBytesPerSecond(200_000_000)
                                .build(),
                        batch));
    }

    private static void same(List<float[]> expected, List<float[]> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), found.get(i), "logits " + i);
        }
    }

    private static List<float[]> decode(KvConfig config, int batch) throws IOException {
        int[] contexts = new int[batch];
        Arrays.setAll(contexts, s -> 800 + 30 * s + STEPS);
        List<float[]> logits = new ArrayList<>();
        try (BatchSession session = engine.openBatch(model.weights(), config, contexts, BLOCK)) {
            for (int s = 0; s < batch; s++) {
                int from = 20 * s;
                session.prefill(s, Arrays.copyOfRange(ids, from, from + contexts[s] - STEPS), (done, total) -> {});
                logits.add(session.logits(s).clone());
            }
            int[] next = new int[batch];
            for (int step = 0; step < STEPS; step++) {
                Arrays.setAll(next, s -> Sampler.argmax(session.logits(s)));
                session.decode(next);
                for (int s = 0; s < batch; s++) {
                    logits.add(session.logits(s).clone());
                }
            }
            check(session, config);
        }
        return logits;
    }

    private static void check(BatchSession session, KvConfig config) {
        for (int s = 0; s < session.sequences(); s++) {
            KvMetrics metrics = session.cache(s).metrics();
            assertTrue(metrics.tier(Tier.DISK).hits() > 0, "nothing came from the disk");
            assertEquals(
                    config.readAhead() != ReadAheadMode.NEVER,
                    metrics.pipeline().aheadUsed() > 0);
            for (KvMetrics.TierMetrics tier : metrics.tiers()) {
                assertTrue(tier.peakBytes() <= tier.budgetBytes(), () -> tier + " went over its budget");
            }
        }
    }
}
