package io.longinfer.kernels.device;

/**
 * The shape of a decoder-only transformer, as configuration: what differs between models of one family is here, not in
 * code. Immutable.
 *
 * @param layers transformer blocks
 * @param width channels of the hidden state
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim channels of a head, a multiple of 8
 * @param feedForward channels of the feed-forward layer
 * @param vocabulary number of tokens
 * @param normEpsilon added to the mean square in RMSNorm, to the variance in LayerNorm
 * @param rope rotary positions, {@link Rope#NONE} without
 * @param contextTokens longest context the model was made for
 * @param traits in what its family differs from others
 */
public record DecoderShape(
        int layers,
        int width,
        int heads,
        int kvHeads,
        int headDim,
        int feedForward,
        int vocabulary,
        float normEpsilon,
        Rope rope,
        int contextTokens,
        DecoderTraits traits) {
    public DecoderShape {
        if (layers <= 0 || width <= 0 || heads <= 0 || kvHeads <= 0 || feedForward <= 0 || vocabulary <= 0) {
            throw new IllegalArgumentException("a decoder has positive dimensions, not " + layers + " layers, width "
                    + width
                    + ", " + heads + " heads, " + kvHeads + " KV heads, feed-forward " + feedForward + ", vocabulary "
                    + vocabulary);
        }
        if (heads % kvHeads != 0) {
            throw new IllegalArgumentException(heads + " query heads cannot share " + kvHeads + " KV heads");
        }
        if (headDim <= 0 || headDim % 8 != 0) {
            throw new IllegalArgumentException("a head has a positive multiple of 8 channels, not " + headDim);
        }
    }

    /** A shape of the Llama family. */
    public DecoderShape(
            int layers,
            int width,
            int heads,
            int kvHeads,
            int headDim,
            int feedForward,
            int vocabulary,
            float normEpsilon,
            Rope rope,
            int contextTokens) {
        this(
                layers,
                width,
                heads,
                kvHeads,
                headDim,
                feedForward,
                vocabulary,
                normEpsilon,
                rope,
                contextTokens,
                DecoderTraits.LLAMA);
    }

    /** Most tokens that a query attends in a layer, itself among them: {@link DecoderTraits#NO_WINDOW} if all. */
    public int window(int layer) {
        return traits.unlimitedLayers().contains(layer) ? DecoderTraits.NO_WINDOW : traits.window();
    }

    /** The first position that a query at {@code position} attends in a layer: chunks wholly before it are of no use. */
    public int firstVisible(int layer, int position) {
        return Math.max(0, position - window(layer) + 1);
    }

    /** Whether a layer's queries and keys are rotated. */
    public boolean rotates(int layer) {
        return rope.rotated() > 0 && !traits.unrotatedLayers().contains(layer);
    }

    /** Query heads that share a KV head. */
    public int group() {
        return heads / kvHeads;
    }

    /** Channels of all query heads. */
    public int queryWidth() {
        return heads * headDim;
    }

    /** Channels of all KV heads. */
    public int kvWidth() {
        return kvHeads * headDim;
    }

    /** Bytes of keys and values of one token over all layers, in fp16. */
    public long kvBytesPerToken() {
        return 2L * Short.BYTES * layers * kvWidth();
    }

    /**
     * Rotary positions.
     *
     * @param rotated leading channels of a head that are rotated
     * @param interleaved pairs (2i, 2i+1) instead of (i, i + rotated/2)
     * @param inverseFrequencies {@code [rotated / 2]}: radians per position, any scaling included
     * @param magnitude factor on cosines and sines (YaRN), 1 otherwise
     */
    @SuppressWarnings("ArrayRecordComponent") // a table, never compared
    public record Rope(int rotated, boolean interleaved, double[] inverseFrequencies, float magnitude) {
        /** No rotation. */
        public static final Rope NONE = new Rope(0, false, new double[0], 1);

        public Rope {
            if (rotated < 0 || rotated % 2 != 0 || inverseFrequencies.length != rotated / 2) {
                throw new IllegalArgumentException(rotated + " rotated channels have " + rotated / 2
                        + " frequencies, not " + inverseFrequencies.length);
            }
        }
    }
}
