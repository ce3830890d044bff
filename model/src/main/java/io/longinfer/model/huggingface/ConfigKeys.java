package io.longinfer.model.huggingface;

import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which keys of a {@code config.json} an architecture may have, and which of them have one value only. Used once. */
final class ConfigKeys {
    /**
     * What does not touch the computation: training, generation, storage, and where the library finds code. Other than the
     * library we never run code of a checkpoint: {@code auto_map} goes with an architecture by its name.
     */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "architectures",
            "model_type",
            "transformers_version",
            "torch_dtype",
            "dtype",
            "use_cache",
            "initializer_range",
            "init_std",
            "attention_dropout",
            "activation_dropout",
            "dropout",
            "hidden_dropout",
            "layerdrop",
            "pretraining_tp",
            "bos_token_id",
            "eos_token_id",
            "pad_token_id",
            "unk_token_id",
            "auto_map",
            "_name_or_path",
            "_flash_attn_2_enabled",
            "attn_implementation",
            "_attn_implementation_autoset",
            "prefix",
            "max_sequence_length",
            "output_past",
            "gradient_checkpointing");

    private static final Set<String> SHAPE = Set.of(
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "max_position_embeddings",
            "tie_word_embeddings");

    private static final Set<String> GATED = Set.of(
            "intermediate_size",
            "num_key_value_heads",
            "head_dim",
            "rms_norm_eps",
            "rope_theta",
            "rope_scaling",
            "rope_parameters",
            "partial_rotary_factor",
            "attention_bias");

    private static final Set<String> WINDOWS =
            Set.of("sliding_window", "use_sliding_window", "max_window_layers", "layer_types");

    private static final Set<String> UNROTATED = Set.of("no_rope_layers", "no_rope_layer_interval");

    /** Settings with a single value that is handled; absent means it. */
    private static final Map<String, Object> ONLY = Map.of(
            "hidden_act", "silu",
            "mlp_bias", false,
            "use_qk_norm", false);

    private static final Map<String, Object> OPT_ONLY = Map.of(
            "activation_function", "relu",
            "do_layer_norm_before", true,
            "_remove_final_layer_norm", false,
            "enable_bias", true,
            "layer_norm_elementwise_affine", true);

    private final JsonObject json;
    private final Family family;

    ConfigKeys(JsonObject json, Family family) {
        this.json = json;
        this.family = family;
    }

    void check() throws ModelFormatException {
        boolean opt = family == Family.OPT;
        Map<String, Object> only = opt ? OPT_ONLY : ONLY;
        Set<String> handled = new HashSet<>(SHAPE);
        if (opt) {
            handled.add("ffn_dim");
            checkProjection();
            handled.add("word_embed_proj_dim");
        } else {
            handled.addAll(GATED);
        }
        if (family != Family.LLAMA && !opt) {
            handled.addAll(WINDOWS);
        }
        if (family == Family.SMOLLM3) {
            handled.addAll(UNROTATED);
        }
        for (String key : json.keys()) {
            if (only.containsKey(key)) {
                checkOnly(key, only.get(key));
            } else if (json.contains(key) && !handled.contains(key) && !WITHOUT_EFFECT.contains(key)) {
                throw json.error(
                        key,
                        JsonObject.shown(json.value(key)),
                        "no such setting, because what it asks for is not handled in architecture "
                                + family.modelType());
            }
        }
        boolean biasIsFixed = family == Family.QWEN2 || family == Family.MISTRAL;
        if (biasIsFixed && json.flag("attention_bias", family == Family.QWEN2) != (family == Family.QWEN2)) {
            throw json.error("attention_bias", json.value("attention_bias"), "what the architecture has always");
        }
    }

    private void checkOnly(String key, Object value) throws ModelFormatException {
        if (json.contains(key) && !json.value(key).equals(value)) {
            throw json.error(key, JsonObject.shown(json.value(key)), JsonObject.shown(value) + ", which is handled");
        }
    }

    /** OPT-350M projects its embeddings, the others do not. */
    private void checkProjection() throws ModelFormatException {
        long width = json.integer("hidden_size");
        if (json.integerIf("word_embed_proj_dim").orElse(width) != width) {
            throw json.error("word_embed_proj_dim", json.integer("word_embed_proj_dim"), width + ", the hidden_size");
        }
    }
}
