package io.longinfer.model.llama;

import io.longinfer.kernels.device.DecoderShape.Rope;
import io.longinfer.model.gguf.GgufMetadata;
import io.longinfer.model.gguf.ModelFormatException;
import java.util.Set;

/** What a file's metadata say about its decoder, checked and with the format's defaults filled in. Immutable. */
final class LlamaHyperparameters {
    private static final String ARCHITECTURE = "llama";
    private static final String ARCHITECTURE_KEY = "general.architecture";
    private static final String TOKENS_KEY = "tokenizer.ggml.tokens";
    /** Far above any model, far below what overflows an {@code int} when two are added. */
    private static final int MOST_CHANNELS = 1 << 24;

    private static final String CONTEXT = "llama.context_length";
    private static final String WIDTH = "llama.embedding_length";
    private static final String LAYERS = "llama.block_count";
    private static final String FEED_FORWARD = "llama.feed_forward_length";
    private static final String VOCABULARY = "llama.vocab_size";
    private static final String HEADS = "llama.attention.head_count";
    private static final String KV_HEADS = "llama.attention.head_count_kv";
    private static final String KEY_LENGTH = "llama.attention.key_length";
    private static final String VALUE_LENGTH = "llama.attention.value_length";
    private static final String EPSILON = "llama.attention.layer_norm_rms_epsilon";
    private static final String CAUSAL = "llama.attention.causal";
    private static final String ROTATED = "llama.rope.dimension_count";
    private static final String FREQUENCY_BASE = "llama.rope.freq_base";
    private static final String SCALING_TYPE = "llama.rope.scaling.type";
    private static final String SCALING_FACTOR = "llama.rope.scaling.factor";
    private static final String OLD_SCALING_FACTOR = "llama.rope.scale_linear";

    private static final Set<String> HANDLED = Set.of(
            CONTEXT,
            WIDTH,
            LAYERS,
            FEED_FORWARD,
            VOCABULARY,
            HEADS,
            KV_HEADS,
            KEY_LENGTH,
            VALUE_LENGTH,
            EPSILON,
            CAUSAL,
            ROTATED,
            FREQUENCY_BASE,
            SCALING_TYPE,
            SCALING_FACTOR,
            OLD_SCALING_FACTOR,
            // How long the context was before scaling, and that it was scaled in training: no part of the computation.
            "llama.rope.scaling.original_context_length",
            "llama.rope.scaling.finetuned",
            // How the rows of the queries and keys were ordered in the original; in the file they are always
            // interleaved.
            "llama.tensor_data_layout");

    /** Keys of things that are not handled, and that a file may name to say that it does without. */
    private static final Set<String> MUST_BE_OFF = Set.of(
            "llama.expert_count",
            "llama.expert_used_count",
            "llama.attention.sliding_window",
            "llama.attention.max_alibi_bias",
            "llama.attention.clamp_kqv",
            "llama.use_parallel_residual");

    private final GgufMetadata metadata;

    LlamaHyperparameters(GgufMetadata metadata) throws ModelFormatException {
        this.metadata = metadata;
        String architecture = metadata.string(ARCHITECTURE_KEY);
        if (!architecture.equals(ARCHITECTURE)) {
            throw metadata.error(ARCHITECTURE_KEY, "'" + architecture + "'", "'" + ARCHITECTURE + "'");
        }
        for (String key : metadata.keys()) {
            if (MUST_BE_OFF.contains(key)) {
                checkOff(key);
            } else if (key.startsWith(ARCHITECTURE + ".") && !HANDLED.contains(key)) {
                throw metadata.error(
                        key, shown(metadata.value(key)), "no such key, because what it asks for is not handled");
            }
        }
        if (!metadata.flag(CAUSAL, true)) {
            throw metadata.error(CAUSAL, false, "true: only causal attention is handled");
        }
    }

    private void checkOff(String key) throws ModelFormatException {
        Object value = metadata.value(key);
        boolean off =
                value instanceof Boolean flag ? !flag : value instanceof Number number && number.doubleValue() == 0;
        if (!off) {
            throw metadata.error(key, shown(value), "0 or false, because it is not handled");
        }
    }

    private static String shown(Object value) {
        return value.getClass().isArray() ? "an array" : String.valueOf(value);
    }

    int layers() throws ModelFormatException {
        return positive(LAYERS, MOST_CHANNELS);
    }

    int width() throws ModelFormatException {
        return positive(WIDTH, MOST_CHANNELS);
    }

    int feedForward() throws ModelFormatException {
        return positive(FEED_FORWARD, MOST_CHANNELS);
    }

    int contextTokens() throws ModelFormatException {
        return positive(CONTEXT, Integer.MAX_VALUE);
    }

    int heads() throws ModelFormatException {
        return positive(HEADS, MOST_CHANNELS);
    }

    int kvHeads() throws ModelFormatException {
        int heads = heads();
        int kvHeads = metadata.contains(KV_HEADS) ? positive(KV_HEADS, heads) : heads;
        if (heads % kvHeads != 0) {
            throw metadata.error(KV_HEADS, kvHeads, "a divisor of " + heads + ", the number of query heads");
        }
        return kvHeads;
    }

    /** Channels of a head; keys, values and rotation share it. */
    int headDim() throws ModelFormatException {
        int heads = heads();
        int width = width();
        if (!metadata.contains(KEY_LENGTH) && width % heads != 0) {
            throw metadata.error(
                    HEADS, heads, "a divisor of " + width + ", the width, as " + KEY_LENGTH + " is absent");
        }
        String key = metadata.contains(KEY_LENGTH) ? KEY_LENGTH : HEADS;
        int headDim = metadata.contains(KEY_LENGTH) ? positive(KEY_LENGTH, MOST_CHANNELS) : width / heads;
        if (headDim % 8 != 0 || (long) headDim * heads > MOST_CHANNELS) {
            throw metadata.error(
                    key,
                    metadata.integer(key),
                    "heads of a multiple of 8 channels, at most " + MOST_CHANNELS + " in all, not " + heads + " of "
                            + headDim);
        }
        for (String same : new String[] {VALUE_LENGTH, ROTATED}) {
            long value = metadata.integerIf(same).orElse(headDim);
            if (value != headDim) {
                throw metadata.error(same, value, headDim + ", the channels of a key");
            }
        }
        return headDim;
    }

    float normEpsilon() throws ModelFormatException {
        double epsilon = metadata.real(EPSILON);
        if (!(epsilon > 0 && epsilon < 1)) {
            throw metadata.error(EPSILON, epsilon, "a small positive number");
        }
        return (float) epsilon;
    }

    /** The file must agree with itself on the number of tokens, or a token would have no row or a row no token. */
    void checkVocabulary(int rows) throws ModelFormatException {
        long stated = metadata.integerIf(VOCABULARY).orElse(rows);
        if (stated != rows) {
            throw metadata.error(VOCABULARY, stated, rows + ", the rows of token_embd.weight");
        }
        if (metadata.contains(TOKENS_KEY)) {
            int tokens = metadata.strings(TOKENS_KEY).length;
            if (tokens != rows) {
                throw metadata.error(TOKENS_KEY, tokens + " tokens", rows + ", the rows of token_embd.weight");
            }
        }
    }

    /**
     * Rotary positions. GGUF files of this architecture have the rows of queries and keys permuted, so that a pair's
     * channels are neighbours.
     *
     * @param divisors {@code [headDim / 2]}: Llama 3's factor of each wavelength; empty for none
     */
    Rope rope(float[] divisors) throws ModelFormatException {
        int rotated = headDim();
        double base = metadata.realIf(FREQUENCY_BASE).orElse(10_000);
        if (!(base > 1 && base < Double.POSITIVE_INFINITY)) {
            throw metadata.error(FREQUENCY_BASE, base, "a number greater than 1");
        }
        double factor = linearFactor();
        double[] inverseFrequencies = new double[rotated / 2];
        for (int i = 0; i < inverseFrequencies.length; i++) {
            double divisor = divisors.length == 0 ? 1 : divisors[i];
            if (!(divisor > 0 && divisor < Double.POSITIVE_INFINITY)) {
                throw metadata.error("rope_freqs.weight[" + i + "]", divisor, "a positive number");
            }
            inverseFrequencies[i] = Math.pow(base, -2.0 * i / rotated) / (factor * divisor);
        }
        return new Rope(rotated, true, inverseFrequencies, 1);
    }

    /** By what positions are divided. A factor without a type means linear scaling, as in the oldest files. */
    private double linearFactor() throws ModelFormatException {
        String type = metadata.stringIf(SCALING_TYPE).orElse("linear");
        if (type.equals("none")) {
            return 1;
        }
        if (!type.equals("linear")) {
            throw metadata.error(SCALING_TYPE, "'" + type + "'", "'none' or 'linear'");
        }
        String key = metadata.contains(SCALING_FACTOR) ? SCALING_FACTOR : OLD_SCALING_FACTOR;
        double factor = metadata.realIf(key).orElse(1);
        if (factor == 0) {
            return 1; // how some writers say "not scaled"
        }
        if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
            throw metadata.error(key, factor, "a positive number");
        }
        return factor;
    }

    private int positive(String key, int most) throws ModelFormatException {
        long value = metadata.integer(key);
        if (value < 1 || value > most) {
            throw metadata.error(key, value, "a number from 1 to " + most);
        }
        return (int) value;
    }
}
