package io.longinfer.model.dummy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.Model;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession;
import io.longinfer.model.huggingface.DecoderDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Shapes by name, and random weights for them. */
class DummyWeightsTest {
    private static final String LLAMA = "{\"model_type\":\"llama\",\"hidden_size\":64,\"num_hidden_layers\":3,"
            + "\"num_attention_heads\":4,\"intermediate_size\":96,\"vocab_size\":300,\"max_position_embeddings\":512}";
    private static final String OPT = "{\"model_type\":\"opt\",\"hidden_size\":64,\"num_hidden_layers\":3,"
            + "\"num_attention_heads\":4,\"ffn_dim\":96,\"vocab_size\":300,\"max_position_embeddings\":512}";

    @TempDir
    private Path directory;

    private DecoderDescription describe(String config) throws IOException {
        Path file = Files.writeString(directory.resolve("some.json"), config);
        return PublishedShapes.describe(file.toString());
    }

    /** Parameters in thousands of millions, as the names say. */
    @ParameterizedTest
    @CsvSource({
        "opt-125m, 0.125",
        "opt-6.7b, 6.66",
        "opt-175b, 175",
        "llama-2-7b, 6.74",
        "llama-2-13b, 13.0",
        "llama-2-70b, 69.0",
        "yarn-llama-2-13b-128k, 13.0",
        "longchat-7b-32k, 6.74",
        "llama-3.1-8b, 8.03",
        "llama-3.2-1b, 1.24",
        "mistral-7b, 7.24",
        "qwen2.5-0.5b, 0.494",
        "qwen2.5-7b, 7.62",
        "qwen3-0.6b, 0.596",
        "qwen3-8b, 8.19",
        "smollm2-135m, 0.1345",
        "smollm2-1.7b, 1.71",
        "smollm3-3b, 3.08"
    })
    void shapesHaveTheParametersOfTheirNames(String name, double billions) throws IOException {
        DecoderDescription description = PublishedShapes.describe(name);
        DecoderShape shape = description.shape();
        long width = shape.width();
        int matrices = name.startsWith("opt") ? 2 : 3;
        long layer =
                2 * width * shape.queryWidth() + 2 * width * shape.kvWidth() + matrices * width * shape.feedForward();
        int positions = shape.traits().learnsPositions() ? 2 + shape.contextTokens() : 0;
        long embeddings = width * ((description.tied() ? 1L : 2L) * shape.vocabulary() + positions);
        assertEquals(billions, (shape.layers() * layer + embeddings) / 1e9, 0.01 * billions);
    }

    @Test
    void everyNameIsAShape() throws IOException {
        for (String name : PublishedShapes.names()) {
            assertTrue(PublishedShapes.describe(name).shape().layers() > 0, name);
        }
        IOException unknown = assertThrows(UnknownShapeException.class, () -> PublishedShapes.describe("llama-9-1t"));
        assertTrue(unknown.getMessage().contains("opt-6.7b"));
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"F16", "Q8_0", "Q4_0"})
    void weightsHaveTheSpreadThatKeepsActivations(TensorType type) throws IOException {
        try (DummyWeights dummy = DummyWeights.of(describe(LLAMA), type, 7, false);
                DummyWeights again = DummyWeights.of(describe(LLAMA), type, 7, false)) {
            WeightMatrix up = dummy.weights().layers().get(1).up();
            float[] values = values(up);
            double mean = 0;
            double square = 0;
            for (float value : values) {
                mean += value / values.length;
                square += value * value / values.length;
            }
            assertEquals(0, mean, 0.02);
            assertEquals(1 / 8.0, Math.sqrt(square), 0.01);
            assertArrayEquals(values, values(again.weights().layers().get(1).up()));
            assertFalse(values[0] == values(dummy.weights().layers().get(2).up())[0]);
        }
    }

    private static float[] values(WeightMatrix matrix) {
        float[] values = new float[matrix.rows() * matrix.columns()];
        ScalarDequantizer.row(matrix.type(), matrix.data(), 0, values, 0, values.length);
        return values;
    }

    @Test
    void layersMayShareMemory() throws IOException {
        try (DummyWeights own = DummyWeights.of(describe(LLAMA), TensorType.Q8_0, 7, false);
                DummyWeights shared = DummyWeights.of(describe(LLAMA), TensorType.Q8_0, 7, true)) {
            assertSame(
                    shared.weights().layers().get(0), shared.weights().layers().get(2));
            assertNotSame(own.weights().layers().get(0), own.weights().layers().get(2));
            assertTrue(shared.sizeBytes() < own.sizeBytes());
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> DummyWeights.of(describe(LLAMA), TensorType.Q6_K, 7, false)
                        .close());
    }

    @ParameterizedTest
    @CsvSource({"LLAMA", "OPT"})
    void runsToFiniteLogits(String family) throws IOException {
        DummyWeights dummy = DummyWeights.of(describe(family.equals("OPT") ? OPT : LLAMA), TensorType.Q4_0, 7, false);
        try (Model model = Model.dummy("some.json", dummy);
                Engine engine = Engine.cpu(2);
                InferenceSession session = engine.open(model.weights(), KvConfig.defaults(), 100, 64)) {
            session.prefill(new int[90], (done, total) -> {});
            session.decode(5);
            double square = 0;
            for (float logit : session.logits()) {
                square += logit * logit / session.logits().length;
            }
            assertEquals(1, Math.sqrt(square), 0.5);
            assertThrows(IllegalStateException.class, model::tokenizer);
        }
    }
}
