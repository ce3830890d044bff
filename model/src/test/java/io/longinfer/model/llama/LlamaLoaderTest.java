package io.longinfer.model.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.catalog.ModelNotFoundException;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.gguf.GgufInMemory;
import io.longinfer.model.gguf.GgufWriter;
import io.longinfer.model.gguf.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaLoaderTest {
    @TempDir
    Path folder;

    private DecoderWeights load(GgufWriter writer) throws IOException {
        try (GgufFile file = GgufFile.open(writer.write(folder.resolve("llama.gguf")))) {
            DecoderWeights weights = LlamaLoader.load(file);
            assertEquals(
                    weights.shape().kvBytesPerToken(), LlamaLoader.shape(file).kvBytesPerToken());
            return weights;
        }
    }

    private DecoderWeights load(LlamaFixture fixture) throws IOException {
        return load(fixture.writer());
    }

    private void assertRefused(LlamaFixture fixture, String message) {
        ModelFormatException error = assertThrows(ModelFormatException.class, () -> load(fixture));
        // Offsets depend on what else the fixture holds.
        String actual = error.getMessage().replaceAll(" at byte \\d+", "");
        assertEquals(folder.resolve("llama.gguf") + ": " + message, actual);
    }

    @Test
    void loadsAFileOfMixedTypes() throws IOException {
        DecoderWeights weights = load(new LlamaFixture());
        DecoderShape shape = weights.shape();
        assertEquals(2, shape.layers());
        assertEquals(32, shape.width());
        assertEquals(4, shape.heads());
        assertEquals(2, shape.kvHeads());
        assertEquals(8, shape.headDim());
        assertEquals(64, shape.feedForward());
        assertEquals(12, shape.vocabulary());
        assertEquals(128, shape.contextTokens());
        assertEquals(1e-5f, shape.normEpsilon());
        assertSame(weights.embedding(), weights.output());
        DecoderWeights.Layer layer = weights.layers().get(1);
        assertEquals("blk.1.ffn_down.weight", layer.down().name());
        assertEquals(TensorType.Q5_1, layer.down().type());
        assertEquals(32, layer.down().rows());
        assertEquals(64, layer.down().columns());
        for (float value : layer.feedForwardNorm()) {
            assertTrue(value >= 1 && value < 1.25, "a weight of " + value);
        }
    }

    @Test
    void separateOutputAndDefaults() throws IOException {
        DecoderWeights weights = load(new LlamaFixture()
                .tensor("output.weight", TensorType.F32, 12, 32)
                .without("llama.attention.head_count_kv")
                .without("llama.rope.dimension_count")
                .without("llama.rope.freq_base")
                .put("llama.expert_count", 0L)
                .put("llama.use_parallel_residual", false)
                .put("llama.attention.causal", true)
                .tensor("blk.0.attn_k.weight", TensorType.F32, 32, 32)
                .tensor("blk.0.attn_v.weight", TensorType.F32, 32, 32)
                .tensor("blk.1.attn_k.weight", TensorType.F32, 32, 32)
                .tensor("blk.1.attn_v.weight", TensorType.F32, 32, 32));
        assertNotSame(weights.embedding(), weights.output());
        assertEquals(4, weights.shape().kvHeads());
        DecoderShape.Rope rope = weights.shape().rope();
        assertEquals(8, rope.rotated());
        assertTrue(rope.interleaved());
        assertEquals(1f, rope.magnitude());
        assertArrayEquals(new double[] {1, 0.1, 0.01, 0.001}, rope.inverseFrequencies(), 1e-15);
    }

    @Test
    void headsMayBeWiderThanTheirShareOfTheWidth() throws IOException {
        LlamaFixture fixture = new LlamaFixture()
                .put("llama.attention.key_length", 16L)
                .put("llama.attention.value_length", 16L)
                .put("llama.rope.dimension_count", 16L);
        for (String layer : new String[] {"blk.0.", "blk.1."}) {
            fixture.tensor(layer + "attn_q.weight", TensorType.F32, 64, 32)
                    .tensor(layer + "attn_k.weight", TensorType.F32, 32, 32)
                    .tensor(layer + "attn_v.weight", TensorType.F32, 32, 32)
                    .tensor(layer + "attn_output.weight", TensorType.F32, 32, 64);
        }
        assertEquals(16, load(fixture).shape().headDim());
    }

    @Test
    void ropeScaling() throws IOException {
        double[] quarter = {0.25, 0.025, 0.0025, 0.00025};
        for (LlamaFixture fixture : new LlamaFixture[] {
            new LlamaFixture().put("llama.rope.scaling.type", "linear").put("llama.rope.scaling.factor", 4f),
            new LlamaFixture().put("llama.rope.scaling.factor", 4f),
            new LlamaFixture().put("llama.rope.scale_linear", 4f)
        }) {
            assertArrayEquals(quarter, load(fixture).shape().rope().inverseFrequencies(), 1e-15);
        }
        double[] plain = {1, 0.1, 0.01, 0.001};
        for (LlamaFixture fixture : new LlamaFixture[] {
            new LlamaFixture().put("llama.rope.scaling.type", "none").put("llama.rope.scaling.factor", 4f),
            new LlamaFixture().put("llama.rope.scaling.factor", 0f)
        }) {
            assertArrayEquals(plain, load(fixture).shape().rope().inverseFrequencies(), 1e-15);
        }
    }

    @Test
    void llama3FrequencyFactorsDivide() throws IOException {
        float[] factors = {1, 1, 2.5f, 8};
        DecoderWeights weights = load(new LlamaFixture().writer().tensor("rope_freqs.weight", factors, 4));
        assertArrayEquals(
                new double[] {1, 0.1, 0.004, 0.000125}, weights.shape().rope().inverseFrequencies(), 1e-15);
        ModelFormatException zero = assertThrows(
                ModelFormatException.class,
                () -> load(new LlamaFixture().writer().tensor("rope_freqs.weight", new float[4], 4)));
        assertTrue(
                zero.getMessage().endsWith("rope_freqs.weight[0] is 0.0, expected a positive number"),
                zero.getMessage());
        ModelFormatException wide = assertThrows(
                ModelFormatException.class,
                () -> load(new LlamaFixture().writer().tensor("rope_freqs.weight", new float[8], 8)));
        assertTrue(
                wide.getMessage().endsWith("rope_freqs.weight (dimensions) is [8], expected [4]"), wide.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            general.architecture                  | qwen2 | 'qwen2', expected 'llama'
            llama.rope.scaling.type               | yarn  | 'yarn', expected 'none' or 'linear'
            llama.attention.temperature_length    | x     | x, expected no such key, because what it asks for is not handled
            """)
    void unhandledTexts(String key, String value, String message) {
        assertRefused(new LlamaFixture().put(key, value), key + " is " + message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            llama.expert_count               | 8     | 8, expected 0 or false, because it is not handled
            llama.attention.sliding_window   | 4096  | 4096, expected 0 or false, because it is not handled
            llama.logit_scale                | 2     | 2, expected no such key, because what it asks for is not handled
            llama.attention.value_length     | 16    | 16, expected 8, the channels of a key
            llama.rope.dimension_count       | 4     | 4, expected 8, the channels of a key
            llama.vocab_size                 | 13    | 13, expected 12, the rows of token_embd.weight
            llama.block_count                | 0     | 0, expected a number from 1 to 16777216
            llama.attention.head_count       | -1    | -1, expected a number from 1 to 16777216
            llama.attention.head_count       | 5     | 5, expected a divisor of 32, the width, as llama.attention.key_length is absent
            llama.attention.head_count_kv    | 3     | 3, expected a divisor of 4, the number of query heads
            llama.attention.key_length       | 12    | 12, expected heads of a multiple of 8 channels, at most 16777216 in all, not 4 of 12
            llama.attention.layer_norm_rms_epsilon | 0 | 0.0, expected a small positive number
            llama.rope.freq_base             | 0     | 0.0, expected a number greater than 1
            llama.rope.scaling.factor        | -1    | -1.0, expected a positive number
            """)
    void unhandledNumbers(String key, int value, String message) {
        assertRefused(new LlamaFixture().put(key, value), key + " is " + message);
    }

    @Test
    void metadataOfTheWrongKind() {
        assertRefused(
                new LlamaFixture().put("llama.attention.head_count_kv", new int[] {2, 2}),
                "llama.attention.head_count_kv is an array int[2], expected an integer below 2^63");
        assertRefused(
                new LlamaFixture().put("llama.attention.causal", false),
                "llama.attention.causal is false, expected true: only causal attention is handled");
        assertRefused(
                new LlamaFixture().without("llama.block_count"),
                "llama.block_count is absent, expected a value of that key in the metadata");
        assertRefused(
                new LlamaFixture().put("tokenizer.ggml.tokens", new String[] {"a"}),
                "tokenizer.ggml.tokens is 1 tokens, expected 12, the rows of token_embd.weight");
    }

    @Test
    void missingExtraAndMisshapenTensors() {
        assertRefused(
                new LlamaFixture().without("blk.1.ffn_up.weight"),
                "tensor blk.1.ffn_up.weight is absent, expected a tensor of that name");
        assertRefused(
                new LlamaFixture().without("token_embd.weight"),
                "tensor token_embd.weight is absent, expected a tensor of that name");
        assertRefused(
                new LlamaFixture().put("llama.block_count", 3),
                "tensor blk.2.attn_norm.weight is absent, expected a tensor of that name");
        String unhandled =
                " is present, expected no tensor of that name (biases, adapters and experts are not handled)";
        assertRefused(new LlamaFixture().put("llama.block_count", 1), "tensor blk.1.attn_norm.weight" + unhandled);
        assertRefused(
                new LlamaFixture().tensor("blk.0.attn_q.bias", TensorType.F32, 0, 32),
                "tensor blk.0.attn_q.bias" + unhandled);
        assertRefused(
                new LlamaFixture().tensor("blk.0.attn_q.weight", TensorType.F32, 16, 32),
                "blk.0.attn_q.weight (dimensions) is [32, 16], expected [32, 32]");
        assertRefused(
                new LlamaFixture().tensor("token_embd.weight", TensorType.F32, 0, 32),
                "token_embd.weight (dimensions) is [32], expected a matrix");
        assertRefused(
                new LlamaFixture().tensor("output_norm.weight", TensorType.Q8_0, 0, 32),
                "output_norm.weight (type) is Q8_0, expected one of [F32, F16, BF16]");
    }

    @Test
    void flippedBitsAreRefusedOrMakeAnotherModel() throws IOException {
        byte[] bytes = new LlamaFixture().writer().toBytes();
        int header = 2_500; // metadata and the table of tensors; behind them are weights
        assertTrue(bytes.length > header);
        for (int bit = 0; bit < header * 8; bit++) {
            bytes[bit / 8] ^= (byte) (1 << (bit % 8));
            try (GgufFile file = GgufInMemory.open(bytes)) {
                LlamaLoader.load(file);
            } catch (ModelFormatException refused) {
                assertEquals(GgufInMemory.PATH, refused.file());
            } catch (RuntimeException unexpected) {
                throw new AssertionError("bit " + bit, unexpected);
            }
            bytes[bit / 8] ^= (byte) (1 << (bit % 8));
        }
    }

    @Test
    void loadsTheEmbeddedModel() throws IOException {
        try (GgufFile file = GgufFile.open(ModelCatalog.resolve("needle"))) {
            DecoderWeights weights = LlamaLoader.load(file);
            DecoderShape shape = weights.shape();
            assertEquals(5, shape.layers());
            assertEquals(192, shape.width());
            assertEquals(4, shape.heads());
            assertEquals(2, shape.kvHeads());
            assertEquals(64, shape.headDim());
            assertEquals(512, shape.feedForward());
            assertEquals(2_048, shape.vocabulary());
            assertEquals(16_384, shape.contextTokens());
            assertEquals(2_560, shape.kvBytesPerToken());
            assertEquals(Math.pow(1e6, -0.5), shape.rope().inverseFrequencies()[16], 1e-15);
            assertSame(weights.embedding(), weights.output());
            assertEquals(TensorType.Q8_0, weights.layers().getFirst().query().type());
        }
    }

    @Test
    void loadsSmollm2WhereItIsCached() throws IOException {
        Path path = null;
        try {
            path = ModelCatalog.resolve("smollm2");
        } catch (ModelNotFoundException absent) {
            assumeTrue(false, absent.getMessage());
        }
        try (GgufFile file = GgufFile.open(path)) {
            DecoderWeights weights = LlamaLoader.load(file);
            assertEquals(30, weights.shape().layers());
            assertEquals(49_152, weights.shape().vocabulary());
            assertEquals(3, weights.shape().group());
            assertEquals(TensorType.Q4_1, weights.layers().getLast().down().type());
            assertEquals(TensorType.Q8_0, weights.output().type());
        }
    }
}
