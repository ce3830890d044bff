package io.longinfer.model.huggingface;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderShape.Rope;
import io.longinfer.kernels.device.DecoderTraits;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A {@code config.json}, checked, with the defaults of its architecture filled in. Immutable. */
final class HuggingFaceConfig {
    /** Far above any model, far below what overflows an {@code int} when two are added. */
    private static final int MOST_CHANNELS = 1 << 24;

    private final JsonObject json;
    private final Family family;

    HuggingFaceConfig(JsonObject json) throws ModelFormatException {
        this.json = json;
        String type = json.string("model_type");
        family = Family.ofModelType(type)
                .orElseThrow(() -> json.error("model_type", "'" + type + "'", "one that is handled: " + handled()));
        if (json.contains("architectures") && !json.list("architectures").equals(List.of(family.architecture()))) {
            throw json.error("architectures", json.list("architectures"), "[" + family.architecture() + "]");
        }
        new ConfigKeys(json, family).check();
    }

    private static String handled() {
        StringBuilder names = new StringBuilder();
        for (Family family : Family.values()) {
            names.append(names.isEmpty() ? "" : ", ").append(family.modelType());
        }
        return names.toString();
    }

    Family family() {
        return family;
    }

    /** Whether the output is the embedding's matrix. */
    boolean tied() throws ModelFormatException {
        return json.flag("tie_word_embeddings", family.tiesByDefault());
    }

    boolean hasQueryKeyValueBias() throws ModelFormatException {
        return switch (family) {
            case QWEN2, OPT -> true;
            case LLAMA, QWEN3, SMOLLM3 -> json.flag("attention_bias", false);
            case MISTRAL -> false;
        };
    }

    boolean hasAttentionOutputBias() throws ModelFormatException {
        return family != Family.QWEN2 && hasQueryKeyValueBias();
    }

    DecoderShape shape() throws ModelFormatException {
        int width = positive("hidden_size");
        int heads = positive("num_attention_heads");
        int headDim = headDim(width, heads);
        boolean opt = family == Family.OPT;
        return new DecoderShape(
                positive("num_hidden_layers"),
                width,
                heads,
                kvHeads(heads),
                headDim,
                positive(opt ? "ffn_dim" : "intermediate_size"),
                positive("vocab_size"),
                opt ? 1e-5f : epsilon(),
                opt ? Rope.NONE : new RopeSettings(json, headDim, family == Family.SMOLLM3 ? 2e6 : 1e4).rope(),
                (int) number("max_position_embeddings", Integer.MAX_VALUE - 2),
                traits());
    }

    private int headDim(int width, int heads) throws ModelFormatException {
        String key = json.contains("head_dim") ? "head_dim" : "num_attention_heads";
        if (!json.contains("head_dim") && family != Family.QWEN3 && width % heads != 0) {
            throw json.error(key, heads, "a divisor of " + width + ", the hidden_size");
        }
        int fallback = family == Family.QWEN3 ? 128 : width / heads;
        int headDim = json.contains("head_dim") ? positive("head_dim") : fallback;
        if (headDim < 8 || headDim % 8 != 0 || (long) headDim * heads > MOST_CHANNELS) {
            throw json.error(key, json.value(key), "heads of a multiple of 8 channels, not of " + headDim);
        }
        return headDim;
    }

    private int kvHeads(int heads) throws ModelFormatException {
        boolean shared = family != Family.OPT && (family != Family.LLAMA || json.contains("num_key_value_heads"));
        int kvHeads = shared ? positive("num_key_value_heads") : heads;
        if (heads % kvHeads != 0) {
            throw json.error("num_key_value_heads", kvHeads, "a divisor of " + heads + ", the query heads");
        }
        return kvHeads;
    }

    private float epsilon() throws ModelFormatException {
        double epsilon = json.realIf("rms_norm_eps").orElse(1e-6);
        if (!(epsilon > 0 && epsilon < 1)) {
            throw json.error("rms_norm_eps", epsilon, "a small positive number");
        }
        return (float) epsilon;
    }

    private DecoderTraits traits() throws ModelFormatException {
        int layers = positive("num_hidden_layers");
        return switch (family) {
            case OPT -> DecoderTraits.OPT;
            case LLAMA -> DecoderTraits.LLAMA;
            case MISTRAL, QWEN2 -> windowed(DecoderTraits.LLAMA, layers);
            case QWEN3 -> windowed(DecoderTraits.LLAMA.withNormsHeads(true), layers);
            case SMOLLM3 -> windowed(DecoderTraits.LLAMA, layers).withUnrotatedLayers(unrotatedLayers(layers));
        };
    }

    private DecoderTraits windowed(DecoderTraits traits, int layers) throws ModelFormatException {
        Set<Integer> unlimited = unlimitedLayers(layers);
        if (unlimited.size() == layers) {
            return traits;
        }
        boolean mistralDefault = family == Family.MISTRAL && !json.keys().contains("sliding_window");
        return traits.withWindow(mistralDefault ? 4096 : positive("sliding_window"), unlimited);
    }

    /** The layers without a window: {@code layer_types} says which, or else rules of each family. */
    private Set<Integer> unlimitedLayers(int layers) throws ModelFormatException {
        Set<Integer> unlimited = new HashSet<>();
        if (json.contains("layer_types")) {
            List<?> types = json.list("layer_types");
            checkLength("layer_types", types.size(), layers);
            for (int layer = 0; layer < layers; layer++) {
                if (types.get(layer).equals("full_attention")) {
                    unlimited.add(layer);
                } else if (!types.get(layer).equals("sliding_attention")) {
                    throw json.error(
                            "layer_types[" + layer + "]", types.get(layer), "full_attention or sliding_attention");
                }
            }
            return unlimited;
        }
        boolean none = family == Family.MISTRAL
                ? json.keys().contains("sliding_window") && !json.contains("sliding_window")
                : !json.flag("use_sliding_window", false) || !json.contains("sliding_window");
        long first = switch (family) {
            case QWEN2, QWEN3 -> json.integerIf("max_window_layers").orElse(28);
            default -> 0;
        };
        if (!none && family == Family.SMOLLM3) {
            throw json.error("layer_types", "absent", "the kind of each layer, since use_sliding_window is true");
        }
        for (int layer = 0; layer < layers; layer++) {
            if (none || layer < first) {
                unlimited.add(layer);
            }
        }
        return unlimited;
    }

    /** In {@code no_rope_layers} 1 means that a layer is rotated, whatever the name says. */
    private Set<Integer> unrotatedLayers(int layers) throws ModelFormatException {
        Set<Integer> unrotated = new HashSet<>();
        if (json.contains("no_rope_layers")) {
            List<?> flags = json.list("no_rope_layers");
            checkLength("no_rope_layers", flags.size(), layers);
            for (int layer = 0; layer < layers; layer++) {
                if (flags.get(layer).equals(0L)) {
                    unrotated.add(layer);
                } else if (!flags.get(layer).equals(1L)) {
                    throw json.error("no_rope_layers[" + layer + "]", flags.get(layer), "0 or 1");
                }
            }
            return unrotated;
        }
        int interval = json.contains("no_rope_layer_interval") ? positive("no_rope_layer_interval") : 4;
        for (int layer = interval - 1; layer < layers; layer += interval) {
            unrotated.add(layer);
        }
        return unrotated;
    }

    private void checkLength(String key, int length, int layers) throws ModelFormatException {
        if (length != layers) {
            throw json.error(key, "a list of " + length, "one value for each of the " + layers + " layers");
        }
    }

    private int positive(String key) throws ModelFormatException {
        return (int) number(key, MOST_CHANNELS);
    }

    private long number(String key, int most) throws ModelFormatException {
        long value = json.integer(key);
        if (value < 1 || value > most) {
            throw json.error(key, value, "a number from 1 to " + most);
        }
        return value;
    }
}
