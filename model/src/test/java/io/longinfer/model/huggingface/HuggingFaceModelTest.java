package io.longinfer.model.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded model written in Hugging Face's layout, its numbers in single precision, against itself. */
class HuggingFaceModelTest {
    private static final String TOKENIZER = "{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"added_tokens\":[{\"id\":3,"
            + "\"content\":\"<s>\",\"special\":true},{\"id\":4,\"content\":\"</s>\",\"special\":true}],\"model\":{"
            + "\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}";

    @TempDir
    private Path directory;

    private Model needle;

    @BeforeEach
    void open() throws IOException {
        needle = Model.open(ModelCatalog.resolve("needle"));
        write(writer -> {});
        config("");
        Files.writeString(directory.resolve("tokenizer.json"), TOKENIZER);
    }

    @AfterEach
    void close() {
        needle.close();
    }

    private void config(String more) throws IOException {
        DecoderShape shape = needle.shape();
        double base = Math.pow(shape.rope().inverseFrequencies()[1], -shape.headDim() / 2.0);
        Files.writeString(
                directory.resolve("config.json"),
                "{\"model_type\":\"llama\",\"vocab_size\":" + shape.vocabulary() + ",\"hidden_size\":" + shape.width()
                        + ",\"num_hidden_layers\":" + shape.layers() + ",\"num_attention_heads\":" + shape.heads()
                        + ",\"num_key_value_heads\":" + shape.kvHeads() + ",\"head_dim\":" + shape.headDim()
                        + ",\"intermediate_size\":" + shape.feedForward() + ",\"max_position_embeddings\":"
                        + shape.contextTokens() + ",\"rms_norm_eps\":" + shape.normEpsilon() + ",\"rope_theta\":" + base
                        + ",\"tie_word_embeddings\":true,\"eos_token_id\":[4,2]" + more + "}");
    }

    private void write(Consumer<SafetensorsWriter> more) throws IOException {
        DecoderWeights weights = needle.weights();
        DecoderShape shape = weights.shape();
        SafetensorsWriter writer = new SafetensorsWriter();
        matrix(writer, "model.embed_tokens", weights.embedding());
        writer.tensor("model.norm.weight", weights.outputNorm(), shape.width());
        for (int l = 0; l < shape.layers(); l++) {
            DecoderWeights.Layer layer = weights.layers().get(l);
            String prefix = "model.layers." + l + ".";
            writer.tensor(prefix + "input_layernorm.weight", layer.attentionNorm(), shape.width());
            writer.tensor(prefix + "post_attention_layernorm.weight", layer.feedForwardNorm(), shape.width());
            halves(writer, prefix + "self_attn.q_proj", layer.query(), shape.headDim());
            halves(writer, prefix + "self_attn.k_proj", layer.key(), shape.headDim());
            matrix(writer, prefix + "self_attn.v_proj", layer.value());
            matrix(writer, prefix + "self_attn.o_proj", layer.attentionOutput());
            matrix(writer, prefix + "mlp.gate_proj", layer.gate().orElseThrow());
            matrix(writer, prefix + "mlp.up_proj", layer.up());
            matrix(writer, prefix + "mlp.down_proj", layer.down());
            writer.tensor(prefix + "self_attn.rotary_emb.inv_freq", new float[4], 4);
        }
        more.accept(writer);
        Files.write(directory.resolve("model.safetensors"), writer.toBytes());
    }

    private static void matrix(SafetensorsWriter writer, String name, WeightMatrix matrix) {
        writer.tensor(name + ".weight", values(matrix), matrix.rows(), matrix.columns());
    }

    /** GGUF files have pairs of channels side by side, Hugging Face has all firsts before all seconds. */
    private static void halves(SafetensorsWriter writer, String name, WeightMatrix matrix, int headDim) {
        float[] from = values(matrix);
        float[] to = new float[from.length];
        for (int row = 0; row < matrix.rows(); row++) {
            int channel = row % headDim;
            int target = row - channel + channel / 2 + channel % 2 * (headDim / 2);
            System.arraycopy(from, row * matrix.columns(), to, target * matrix.columns(), matrix.columns());
        }
        writer.tensor(name + ".weight", to, matrix.rows(), matrix.columns());
    }

    private static float[] values(WeightMatrix matrix) {
        float[] values = new float[matrix.rows() * matrix.columns()];
        ScalarDequantizer.row(matrix.type(), matrix.data(), 0, values, 0, values.length);
        return values;
    }

    @Test
    void computesWhatTheSameModelInAnotherFormatDoes() throws IOException {
        int[] ids = needle.tokenizer().encode("The keeper of the lighthouse counts the ships.", true, false);
        try (Model model = Model.open(directory);
                Engine engine = Engine.cpu(2)) {
            assertArrayEquals(logits(needle, engine, ids), logits(model, engine, ids), 0.02f);
        }
    }

    private static float[] logits(Model model, Engine engine, int[] ids) throws IOException {
        try (InferenceSession session = engine.open(model.weights(), KvConfig.defaults(), ids.length, 64)) {
            session.prefill(ids, (done, total) -> {});
            return session.logits().clone();
        }
    }

    @Test
    void readsTextsBesideTheWeights() throws IOException {
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"bos_token\":{\"content\":\"<s>\"},\"eos_token\":\"</s>\",\"add_bos_token\":true,"
                        + "\"chat_template\":\"{{ bos_token }}{{ messages[0]['content'] }}\"}");
        try (Model model = Model.open(directory)) {
            assertArrayEquals(new int[] {3, 2, 0}, model.tokenizer().encode("aba", true, false));
            assertEquals(Set.of(2, 4), model.tokenizer().endOfGeneration());
            assertTrue(model.chatTemplate().isPresent());
            assertEquals(directory, model.path());
        }
        Files.writeString(directory.resolve("generation_config.json"), "{\"eos_token_id\":0}");
        Files.writeString(directory.resolve("chat_template.jinja"), "own");
        try (Model model = Model.open(directory)) {
            assertEquals(Set.of(0, 4), model.tokenizer().endOfGeneration());
            assertEquals("own", model.chatTemplate().orElseThrow().source());
        }
        Files.delete(directory.resolve("tokenizer.json"));
        assertEquals("tokenizer.json", refused().field());
    }

    @Test
    void refusesTensorsByName() throws IOException {
        write(writer -> writer.tensor("model.layers.0.self_attn.q_proj.bias", new float[1], 1));
        assertEquals("tensor model.layers.0.self_attn.q_proj.bias", refused().field());
        write(writer -> {});
        config(",\"attention_bias\":true");
        assertEquals("tensor model.layers.0.self_attn.q_proj.bias", refused().field());
        Files.writeString(
                directory.resolve("config.json"),
                Files.readString(directory.resolve("config.json"))
                        .replace(",\"attention_bias\":true", "")
                        .replace("\"tie_word_embeddings\":true", "\"tie_word_embeddings\":false"));
        assertEquals("tensor lm_head.weight", refused().field());
        config(",\"vocab_size_\":1");
        assertEquals("vocab_size_", refused().field());
    }

    @Test
    void doesNotReadATiedOutput() throws IOException {
        int vocabulary = needle.shape().vocabulary();
        int width = needle.shape().width();
        write(writer -> writer.tensor("lm_head.weight", new float[vocabulary * width], vocabulary, width));
        try (Model model = Model.open(directory)) {
            assertSame(model.weights().embedding(), model.weights().output());
        }
    }

    private ModelFormatException refused() {
        return assertThrows(
                ModelFormatException.class, () -> Model.open(directory).close());
    }
}
