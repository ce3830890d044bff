package io.longinfer.model.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.disk.DiskCorruptionException;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.dummy.DummyWeights;
import io.longinfer.model.dummy.PublishedShapes;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.weights.WeightConfig.Budgets;
import io.longinfer.model.weights.WeightConfig.Percent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wherever weights lie, logits are the same to the bit, memory stays inside the budgets, and damage is found. */
class WeightStoreTest {
    private static final long SEED = 20261125;
    private static final int STEPS = 6;
    private static final int[] PROMPTS = {170, 49};

    private static Engine engine;
    private static Model needle;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() throws IOException {
        engine = Engine.cpu(2);
        needle = Model.open(ModelCatalog.resolve("needle"));
    }

    @AfterAll
    static void close() {
        engine.close();
        needle.close();
    }

    @Test
    void threeTiersGiveTheSameLogits() throws IOException {
        List<float[]> expected = logits(needle.weights());
        long all = bytes(needle);
        for (WeightConfig.Limits limits : List.of(
                new Percent(20, 20, 60),
                new Percent(0, 0, 100),
                new Percent(0, 100, 0),
                new Percent(50, 0, 50),
                new Percent(100, 0, 0),
                new Budgets(all * 3 / 4, all / 8),
                new Budgets(ByteSize.UNLIMITED, 0))) {
            try (WeightStore store = WeightStore.open(needle.weights(), WeightConfig.of(limits, directory))) {
                check(expected, logits(store), limits.toString());
                inside(store.metrics());
            }
            assertEquals(0, files(), "files left of " + limits);
        }
    }

    @Test
    void oneLayerOnTheDeviceOneInTheHostThreeOnDisk() throws IOException {
        try (WeightStore store =
                WeightStore.open(needle.weights(), WeightConfig.of(new Percent(20, 20, 60), directory))) {
            logits(store);
            WeightMetrics metrics = store.metrics();
            assertEquals(1, metrics.tier(Tier.DEVICE).layers(), metrics.toString());
            assertEquals(1, metrics.tier(Tier.HOST).layers(), metrics.toString());
            assertEquals(3, metrics.tier(Tier.DISK).layers(), metrics.toString());
            assertTrue(metrics.diskBytes() > 5 * metrics.tier(Tier.DISK).bytes(), metrics.toString());
            assertTrue(metrics.linkBytes() > metrics.diskBytes() * 9 / 10, metrics.toString());
        }
    }

    @Test
    void twiceTheBudgetsStillRuns() throws IOException {
        // Learned positions, LayerNorm, a tied output matrix of several parts.
        Path config = directory.resolve("config.json");
        Files.writeString(config, """
                {"model_type": "opt", "vocab_size": 2003, "hidden_size": 64, "word_embed_proj_dim": 64, "ffn_dim": 256,
                 "num_hidden_layers": 24, "num_attention_heads": 4, "max_position_embeddings": 512,
                 "do_layer_norm_before": true, "activation_function": "relu", "torch_dtype": "float16"}
                """);
        try (DummyWeights dummy =
                DummyWeights.of(PublishedShapes.describe(config.toString()), TensorType.Q8_0, SEED, true)) {
            long third = dummy.weights().layers().size()
                    * layerBytes(dummy.weights().layers().getFirst())
                    / 4;
            Budgets budgets = new Budgets(third, third / 2);
            List<float[]> expected = logits(dummy.weights());
            try (WeightStore store = WeightStore.open(dummy.weights(), WeightConfig.of(budgets, directory))) {
                check(expected, logits(store), budgets.toString());
                WeightMetrics metrics = store.metrics();
                inside(metrics);
                long all = metrics.tiers().stream()
                        .mapToLong(WeightMetrics.TierMetrics::bytes)
                        .sum();
                assertTrue(all >= 2 * (budgets.deviceBytes() + budgets.hostBytes()), all + " bytes, " + budgets);
                assertTrue(metrics.tier(Tier.HOST).layers() > 0, metrics.toString());
            }
        }
    }

    @Test
    void tooSmallABudgetNamesTheSmallestThatWouldDo() {
        WeightPlanException refused = assertThrows(
                WeightPlanException.class,
                () -> WeightStore.open(needle.weights(), WeightConfig.of(new Budgets(10_000, 0), directory)));
        assertTrue(refused.getMessage().contains("--weights-device-budget"), refused.getMessage());
        Budgets enough = new Budgets(refused.neededBytes(), 0);
        assertDoesNotThrow(() -> WeightStore.open(needle.weights(), WeightConfig.of(enough, directory))
                .close());
        Budgets scarce = new Budgets(refused.neededBytes() - 1, 0);
        assertThrows(
                WeightPlanException.class,
                () -> WeightStore.open(needle.weights(), WeightConfig.of(scarce, directory)));
    }

    @Test
    void damageIsRefusedWithTensorAndOffset() throws IOException {
        Random random = new Random(SEED);
        for (int i = 0; i < 4; i++) {
            try (WeightStore store =
                    WeightStore.open(needle.weights(), WeightConfig.of(new Percent(0, 0, 100), directory))) {
                logits(store);
                // The first layer is read again by the next sequence.
                long position =
                        flip(random, needle.weights().layer(0).query().data().byteSize());
                DiskCorruptionException refused =
                        assertThrows(DiskCorruptionException.class, () -> logits(store), "seed " + SEED);
                assertTrue(refused.getMessage().contains("CRC32C"), refused.getMessage());
                assertTrue(refused.offset() <= position, refused.getMessage() + " for a flip at " + position);
            }
        }
    }

    @Test
    void truncationIsRefusedWithTensorAndOffset() throws IOException {
        try (WeightStore store =
                WeightStore.open(needle.weights(), WeightConfig.of(new Percent(0, 0, 100), directory))) {
            try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
                channel.truncate(1000);
            }
            DiskCorruptionException refused = assertThrows(DiskCorruptionException.class, () -> logits(store));
            assertTrue(refused.getMessage().contains("cut short"), refused.getMessage());
        }
        assertEquals(0, files());
    }

    /** Logits of a prefill and of some steps of two sequences. */
    private static List<float[]> logits(WeightSource weights) throws IOException {
        Random random = new Random(SEED);
        List<float[]> logits = new ArrayList<>();
        int vocabulary = weights.shape().vocabulary();
        int[] contexts = {PROMPTS[0] + STEPS, PROMPTS[1] + STEPS};
        try (BatchSession session = engine.openBatch(weights, KvConfig.defaults(), contexts, 128)) {
            for (int sequence = 0; sequence < PROMPTS.length; sequence++) {
                int[] prompt = random.ints(PROMPTS[sequence], 0, vocabulary).toArray();
                session.prefill(sequence, prompt, (done, total) -> {});
                logits.add(session.logits(sequence).clone());
            }
            for (int step = 0; step < STEPS; step++) {
                session.decode(random.ints(2, 0, vocabulary).toArray());
                logits.add(session.logits(0).clone());
                logits.add(session.logits(1).clone());
            }
        }
        return logits;
    }

    private static void check(List<float[]> expected, List<float[]> found, String what) {
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), found.get(i), what + ", logits " + i + ", seed " + SEED);
        }
    }

    private static void inside(WeightMetrics metrics) {
        for (WeightMetrics.TierMetrics tier : metrics.tiers()) {
            assertTrue(tier.peakBytes() <= tier.budgetBytes(), metrics.toString());
            assertTrue(tier.peakBytes() >= tier.bytes(), metrics.toString());
        }
    }

    private static long bytes(Model model) {
        return layerBytes(model.weights().layers().getFirst())
                        * model.weights().layers().size()
                + model.weights().output().data().byteSize();
    }

    private static long layerBytes(io.longinfer.kernels.device.DecoderWeights.Layer layer) {
        return layer.query().data().byteSize()
                + layer.key().data().byteSize()
                + layer.value().data().byteSize()
                + layer.attentionOutput().data().byteSize()
                + layer.gate().map(gate -> gate.data().byteSize()).orElse(0L)
                + layer.up().data().byteSize()
                + layer.down().data().byteSize();
    }

    /** Turns one bit among the first {@code bytes} of the file; returns where. */
    private long flip(Random random, long bytes) throws IOException {
        long position = random.nextLong(bytes);
        ByteBuffer one = ByteBuffer.allocate(1);
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.read(one, position);
            one.put(0, (byte) (one.get(0) ^ 1 << random.nextInt(8)));
            channel.write(one.rewind(), position);
            channel.force(true);
        }
        return position;
    }

    private Path file() throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.filter(path -> path.toString().endsWith(".weights"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private long files() throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.filter(path -> !path.toString().endsWith(".json")).count();
        }
    }
}
