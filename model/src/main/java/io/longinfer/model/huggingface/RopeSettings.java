package io.longinfer.model.huggingface;

import io.longinfer.kernels.device.DecoderShape.Rope;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Rotary positions of a {@code config.json}, in every form that is about: {@code rope_parameters}, or {@code rope_theta} with
 * {@code rope_scaling}, whose kind is under {@code type} or {@code rope_type}. Kinds: default, linear (LongChat), llama3, yarn.
 */
final class RopeSettings {
    private static final Set<String> ALWAYS = Set.of("rope_type", "type", "rope_theta", "partial_rotary_factor");
    /** For each kind the keys beside {@link #ALWAYS}; {@code finetuned} only tells how the model was made. */
    private static final Map<String, Set<String>> KINDS = Map.of(
            "default",
            Set.of(),
            "linear",
            Set.of("factor"),
            "llama3",
            Set.of("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
            "yarn",
            Set.of(
                    "factor",
                    "original_max_position_embeddings",
                    "beta_fast",
                    "beta_slow",
                    "attention_factor",
                    "mscale",
                    "mscale_all_dim",
                    "truncate",
                    "finetuned"));

    private final JsonObject config;
    private final JsonObject settings;
    private final String kind;
    private final int headDim;
    private final double base;

    RopeSettings(JsonObject config, int headDim, double defaultBase) throws ModelFormatException {
        this.config = config;
        this.headDim = headDim;
        Optional<JsonObject> given = config.objectIf("rope_parameters");
        if (given.isEmpty()) {
            given = config.objectIf("rope_scaling");
        } else if (config.contains("rope_scaling")) {
            throw config.error("rope_scaling", "present", "either rope_parameters or rope_scaling");
        }
        settings = given.orElse(JsonObject.empty(config.file()));
        kind = settings.contains("rope_type")
                ? settings.string("rope_type")
                : settings.stringIf("type").orElse("default");
        check();
        JsonObject holder = settings.contains("rope_theta") ? settings : config;
        base = holder.realIf("rope_theta").orElse(defaultBase);
        if (!(base > 1 && base < Double.POSITIVE_INFINITY)) {
            throw holder.error("rope_theta", base, "a number greater than 1");
        }
    }

    private void check() throws ModelFormatException {
        if (!KINDS.containsKey(kind)) {
            String key = settings.contains("rope_type") ? "rope_type" : "type";
            throw settings.error(key, "'" + kind + "'", "one that is handled: default, linear, llama3, yarn");
        }
        for (String key : settings.keys()) {
            if (settings.contains(key)
                    && !ALWAYS.contains(key)
                    && !KINDS.get(kind).contains(key)) {
                throw settings.error(
                        key, JsonObject.shown(settings.value(key)), "no such setting of rope type " + kind);
            }
        }
        for (JsonObject holder : new JsonObject[] {settings, config}) {
            if (holder.realIf("partial_rotary_factor").orElse(1) != 1) {
                throw holder.error(
                        "partial_rotary_factor", holder.real("partial_rotary_factor"), "1: whole heads are rotated");
            }
        }
    }

    Rope rope() throws ModelFormatException {
        double[] frequencies = new double[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(base, -2.0 * i / headDim);
        }
        return switch (kind) {
            case "linear" -> new Rope(headDim, false, linear(frequencies), 1);
            case "llama3" -> new Rope(headDim, false, llama3(frequencies), 1);
            case "yarn" -> new Rope(headDim, false, yarn(frequencies), (float) yarnMagnitude());
            default -> new Rope(headDim, false, frequencies, 1);
        };
    }

    private double[] linear(double[] frequencies) throws ModelFormatException {
        double factor = factor();
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= factor;
        }
        return frequencies;
    }

    /** Long waves are stretched, short ones kept, and between them both are mixed. */
    private double[] llama3(double[] frequencies) throws ModelFormatException {
        double factor = factor();
        double low = positive(settings, "low_freq_factor");
        double high = positive(settings, "high_freq_factor");
        double original = positive(settings, "original_max_position_embeddings");
        if (high <= low) {
            throw settings.error("high_freq_factor", high, "more than " + low + ", the low_freq_factor");
        }
        for (int i = 0; i < frequencies.length; i++) {
            double waves = original * frequencies[i] / (2 * Math.PI);
            double kept = Math.clamp((waves - low) / (high - low), 0.0, 1.0);
            frequencies[i] *= kept + (1 - kept) / factor;
        }
        return frequencies;
    }

    /** Like {@link #llama3}, mixed linearly by channel (arXiv 2309.00071, section 3.2). */
    private double[] yarn(double[] frequencies) throws ModelFormatException {
        double factor = yarnFactor();
        boolean whole = settings.flag("truncate", true);
        double low = turnsChannel(settings.realIf("beta_fast").orElse(32));
        double high = turnsChannel(settings.realIf("beta_slow").orElse(1));
        low = Math.max(whole ? Math.floor(low) : low, 0);
        high = Math.min(whole ? Math.ceil(high) : high, headDim - 1);
        double width = low == high ? 0.001 : high - low;
        for (int i = 0; i < frequencies.length; i++) {
            double stretched = Math.clamp((i - low) / width, 0.0, 1.0);
            frequencies[i] *= 1 - stretched + stretched / factor;
        }
        return frequencies;
    }

    /** The pair of channels that makes {@code turns} turns over the original context, in fractions. */
    private double turnsChannel(double turns) throws ModelFormatException {
        if (!(turns > 0)) {
            throw settings.error("beta_fast or beta_slow", turns, "a positive number");
        }
        return headDim * Math.log(yarnOriginal() / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    private double yarnOriginal() throws ModelFormatException {
        return settings.contains("original_max_position_embeddings")
                ? positive(settings, "original_max_position_embeddings")
                : positive(config, "max_position_embeddings");
    }

    private double yarnFactor() throws ModelFormatException {
        return settings.contains("factor") ? factor() : positive(config, "max_position_embeddings") / yarnOriginal();
    }

    private double yarnMagnitude() throws ModelFormatException {
        if (settings.contains("attention_factor")) {
            return positive(settings, "attention_factor");
        }
        double factor = yarnFactor();
        if (settings.contains("mscale") && settings.contains("mscale_all_dim")) {
            return magnitude(factor, settings.real("mscale")) / magnitude(factor, settings.real("mscale_all_dim"));
        }
        return magnitude(factor, 1);
    }

    private static double magnitude(double factor, double scale) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }

    private double factor() throws ModelFormatException {
        double factor = positive(settings, "factor");
        if (factor < 1) {
            throw settings.error("factor", factor, "1 or more");
        }
        return factor;
    }

    private static double positive(JsonObject from, String key) throws ModelFormatException {
        double value = from.real(key);
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw from.error(key, value, "a positive number");
        }
        return value;
    }
}
