package io.longinfer.model.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What configurations mean, and which are refused. */
class HuggingFaceConfigTest {
    private static final String DIMENSIONS = "'vocab_size':70,'hidden_size':64,'num_hidden_layers':8,"
            + "'num_attention_heads':4,'max_position_embeddings':2048";

    private static String gated(String type, String architecture, String more) {
        return "{'model_type':'" + type + "','architectures':['" + architecture + "'],'intermediate_size':96,"
                + "'num_key_value_heads':2," + DIMENSIONS + more + "}";
    }

    private static String llama(String more) {
        return gated("llama", "LlamaForCausalLM", more);
    }

    private static String opt(String more) {
        return "{'model_type':'opt','ffn_dim':96,'word_embed_proj_dim':64," + DIMENSIONS + more + "}";
    }

    private static HuggingFaceConfig config(String json) throws ModelFormatException {
        byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return new HuggingFaceConfig(JsonReader.parse(Path.of("config.json"), 0, bytes));
    }

    @Test
    void readsDimensionsAndDefaults() throws ModelFormatException {
        DecoderShape shape = config(llama("")).shape();
        assertEquals(8, shape.layers());
        assertEquals(16, shape.headDim());
        assertEquals(2, shape.kvHeads());
        assertEquals(1e-6f, shape.normEpsilon());
        assertEquals(DecoderTraits.LLAMA, shape.traits());
        assertEquals(Math.pow(10000, -0.125), shape.rope().inverseFrequencies()[1], 1e-15);
        assertFalse(config(llama("")).tied());
        assertTrue(config(opt("")).tied());
        assertEquals(DecoderTraits.OPT, config(opt("")).shape().traits());
        assertEquals(4, config(opt("")).shape().kvHeads());
        assertEquals(
                4,
                config(llama("").replace("'num_key_value_heads':2,", ""))
                        .shape()
                        .kvHeads());
    }

    @Test
    void readsWindowsAndUnrotatedLayers() throws ModelFormatException {
        DecoderShape mistral = config(gated("mistral", "MistralForCausalLM", ",'sliding_window':32"))
                .shape();
        assertEquals(32, mistral.window(0));
        assertEquals(32, mistral.window(7));
        assertEquals(
                DecoderTraits.NO_WINDOW,
                config(gated("mistral", "MistralForCausalLM", ",'sliding_window':null"))
                        .shape()
                        .window(3));
        assertEquals(
                4096, config(gated("mistral", "MistralForCausalLM", "")).shape().window(3));
        DecoderShape qwen = config(gated(
                        "qwen2",
                        "Qwen2ForCausalLM",
                        ",'use_sliding_window':true,'sliding_window':64,'max_window_layers':5"))
                .shape();
        assertEquals(DecoderTraits.NO_WINDOW, qwen.window(4));
        assertEquals(64, qwen.window(5));
        assertTrue(config(gated("qwen2", "Qwen2ForCausalLM", "")).hasQueryKeyValueBias());
        assertFalse(config(gated("qwen2", "Qwen2ForCausalLM", "")).hasAttentionOutputBias());
        assertTrue(config(gated("qwen3", "Qwen3ForCausalLM", ",'head_dim':24"))
                .shape()
                .traits()
                .normsHeads());
        DecoderShape smollm = config(gated("smollm3", "SmolLM3ForCausalLM", "")).shape();
        assertEquals(Set.of(3, 7), smollm.traits().unrotatedLayers());
        assertEquals(
                Set.of(1),
                config(gated("smollm3", "SmolLM3ForCausalLM", ",'no_rope_layers':[1,0,1,1,1,1,1,1]"))
                        .shape()
                        .traits()
                        .unrotatedLayers());
    }

    @Test
    void everyFormOfRopeMeansTheSame() throws ModelFormatException {
        String settings =
                "'factor':8.0,'low_freq_factor':1.0,'high_freq_factor':4.0," + "'original_max_position_embeddings':64";
        double[] expected = new double[8];
        for (int i = 0; i < 8; i++) {
            // As the library writes it, by wavelengths.
            double frequency = Math.pow(500000, -i / 8.0);
            double wavelength = 2 * Math.PI / frequency;
            double smooth = (64 / wavelength - 1) / 3;
            expected[i] = wavelength > 64
                    ? frequency / 8
                    : wavelength < 16 ? frequency : (1 - smooth) * frequency / 8 + smooth * frequency;
        }
        for (String form : new String[] {
            ",'rope_parameters':{'rope_type':'llama3','rope_theta':500000," + settings + "}",
            ",'rope_theta':500000.0,'rope_scaling':{'rope_type':'llama3'," + settings + "}",
            ",'rope_theta':500000,'rope_scaling':{'type':'llama3'," + settings + "}",
        }) {
            assertArrayEquals(expected, config(llama(form)).shape().rope().inverseFrequencies(), 1e-15);
        }
    }

    @Test
    void scalesLinearlyAndByYarn() throws ModelFormatException {
        double[] linear = config(llama(",'rope_scaling':{'type':'linear','factor':4}"))
                .shape()
                .rope()
                .inverseFrequencies();
        assertEquals(0.25, linear[0], 1e-15);
        DecoderShape.Rope yarn = config(llama(",'rope_scaling':{'type':'yarn','factor':16,"
                        + "'original_max_position_embeddings':64,'finetuned':true}"))
                .shape()
                .rope();
        assertEquals(0.1 * Math.log(16) + 1, yarn.magnitude(), 1e-6);
        // 32 turns in 64 tokens need a channel before the first, one turn channel 2.01 of 8: from 0 to 3.
        double[] frequencies = yarn.inverseFrequencies();
        assertEquals(1, frequencies[0], 1e-15);
        assertEquals(Math.pow(10000, -0.125) * (2 + 1 / 16.0) / 3, frequencies[1], 1e-15);
        assertEquals(Math.pow(10000, -0.375) / 16, frequencies[3], 1e-15);
        assertEquals(Math.pow(10000, -0.875) / 16, frequencies[7], 1e-15);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hidden_act | 'gelu'",
                "mlp_bias | true",
                "quantization_config | {'quant_method':'awq'}",
                "sliding_window | 128",
                "num_experts | 8",
                "rope_scaling.type | {'type':'dynamic','factor':2.0}",
                "rope_scaling.rope_type | {'rope_type':'longrope'}",
                "rope_scaling.short_factor | {'type':'linear','factor':2,'short_factor':[1]}",
                "rope_scaling.factor | {'type':'linear','factor':0.5}",
                "rope_scaling.factor | {'type':'linear'}",
                "partial_rotary_factor | 0.5",
                "head_dim | 20",
                "tie_word_embeddings | 'yes'",
                "rms_norm_eps | -1",
            })
    void refusesSettingsByName(String field, String value) throws ModelFormatException {
        String key = field.contains(".") ? field.substring(0, field.indexOf('.')) : field;
        ModelFormatException error = assertThrows(ModelFormatException.class, () -> {
            HuggingFaceConfig config = config(llama(",'" + key + "':" + value));
            config.shape();
            config.tied();
        });
        assertEquals(field, error.field(), error.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "do_layer_norm_before | false",
                "activation_function | 'gelu'",
                "enable_bias | false",
                "_remove_final_layer_norm | true",
            })
    void refusesOtherKindsOfOpt(String field, String value) {
        ModelFormatException error =
                assertThrows(ModelFormatException.class, () -> config(opt(",'" + field + "':" + value)));
        assertEquals(field, error.field());
    }

    @Test
    void refusesUnknownArchitecturesByName() {
        ModelFormatException error = assertThrows(ModelFormatException.class, () -> config("{'model_type':'mamba'}"));
        assertEquals("model_type", error.field());
        assertTrue(error.getMessage().contains("'mamba'"));
        error = assertThrows(
                ModelFormatException.class, () -> config(gated("llama", "LlamaForTokenClassification", "")));
        assertEquals("architectures", error.field());
        assertEquals(
                "word_embed_proj_dim",
                assertThrows(ModelFormatException.class, () -> config(opt("").replace("proj_dim':64", "proj_dim':32")))
                        .field());
    }
}
