package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.device.tornado.TornadoDevice;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.Model;
import io.longinfer.model.dummy.DummyWeights;
import io.longinfer.model.dummy.PublishedShapes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole model with its KV over device, host and disk, on TornadoVM or our simulator of it, against the processor: chunks
 * come to the device by its staging array, what is attended is selected, and what a layer read ahead is guessed by the device.
 */
class TornadoTiersTest {
    private static final String SMALL = "{\"model_type\":\"llama\",\"hidden_size\":64,\"num_hidden_layers\":3,"
            + "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"intermediate_size\":96,\"vocab_size\":160,"
            + "\"max_position_embeddings\":512}";
    private static final int PROMPT = 150;
    private static final int STEPS = 6;
    private static final long KIB = 1024;

    @TempDir
    private Path directory;

    private Model model() throws IOException {
        Path config = Files.writeString(directory.resolve("small.json"), SMALL);
        DummyWeights weights = DummyWeights.of(PublishedShapes.describe(config.toString()), TensorType.Q8_0, 7, false);
        return Model.dummy("small.json", weights);
    }

    private static Engine tornado() {
        return Engine.of(TornadoDevice.open(System.getProperty("longinfer.tornado.device", "")), 2);
    }

    @Test
    void everythingOnTheDevice() throws IOException {
        agree(KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build());
    }

    @Test
    void allChunksComeFromDisk() throws IOException {
        KvMetrics metrics = agree(KvConfig.defaults().toBuilder()
                .selector(SelectorKind.FULL)
                .budgets(32 * KIB, 0, 16 * 1024 * KIB)
                .diskDirectory(directory)
                .build());
        assertTrue(metrics.tier(Tier.DISK).residentBytes() > 0, "nothing lies on disk");
    }

    @Test
    void selectedChunksComeFromHost() throws IOException {
        KvMetrics metrics = agree(KvConfig.defaults().toBuilder()
                .selector(SelectorKind.QUEST)
                .ratio(0.5)
                .abstractPrecision(AbstractPrecision.INT8)
                .budgets(36 * KIB, 80 * KIB, 0)
                .build());
        assertTrue(metrics.tier(Tier.HOST).residentBytes() > 0, "nothing lies in the host");
    }

    /** Tokens are chosen by what the device guesses, and its kernel sees no others of their chunks. */
    @Test
    void speculatedTokensAreAttended() throws IOException {
        KvMetrics metrics = agree(KvConfig.defaults().toBuilder()
                .selector(SelectorKind.INFINIGEN)
                .selection(new SelectionBudget(0.2, 0, 0, 16, 16))
                .build());
        KvMetrics.LayerMetrics last = metrics.layers().getLast();
        assertTrue(last.selectedTokens() < 16 * last.selectedChunks(), last.toString());
    }

    @Test
    void whatLearnsOfSingleTokensIsRefused() throws IOException {
        KvConfig config =
                KvConfig.defaults().toBuilder().selector(SelectorKind.H2O).build();
        try (Model model = model();
                Engine tornado = tornado()) {
            var refused = assertThrows(
                    IllegalArgumentException.class, () -> tornado.open(model.weights(), config, PROMPT, 64));
            assertTrue(refused.getMessage().contains("H2O"), refused.getMessage());
            assertTrue(refused.getMessage().contains("--backend cpu"), refused.getMessage());
        }
    }

    private KvMetrics agree(KvConfig config) throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        int[] ids = random.ints(PROMPT + STEPS, 0, 160).toArray();
        try (Model model = model();
                Engine cpu = Engine.cpu(2);
                Engine tornado = tornado();
                InferenceSession expected = cpu.open(model.weights(), config, PROMPT + STEPS + 16, 64);
                InferenceSession found = tornado.open(model.weights(), config, PROMPT + STEPS + 16, 64)) {
            int[] prompt = Arrays.copyOf(ids, PROMPT);
            for (InferenceSession each : new InferenceSession[] {expected, found}) {
                each.prefill(prompt, (done, total) -> {});
            }
            compare(expected.logits(), found.logits(), "the prompt's");
            for (int step = 0; step < STEPS; step++) {
                expected.decode(ids[PROMPT + step]);
                found.decode(ids[PROMPT + step]);
                compare(expected.logits(), found.logits(), "step " + step);
            }
            KvMetrics metrics = found.cache().metrics();
            for (KvMetrics.TierMetrics tier : metrics.tiers()) {
                assertTrue(tier.peakBytes() <= tier.budgetBytes(), () -> tier + " went over its budget");
            }
            return metrics;
        }
    }

    private static void compare(float[] expected, float[] found, String what) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], 1e-3 * (1 + Math.abs(expected[i])), what + " logit " + i);
        }
    }
}
