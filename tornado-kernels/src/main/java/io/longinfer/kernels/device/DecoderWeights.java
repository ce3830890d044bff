package io.longinfer.kernels.device;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The weights of a decoder, matrices in their file's own format. Does not own their memory. Immutable.
 *
 * @param embedding {@code [vocabulary][width]}
 * @param positions {@code [offset + contextTokens][width]}, if positions are learned
 * @param outputNorm {@code [width]}
 * @param outputNormBias {@code [width]}, or empty for none
 * @param output {@code [vocabulary][width]}; the same object as {@code embedding} when tied
 */
@SuppressWarnings("ArrayRecordComponent") // weights are never compared
public record DecoderWeights(
        DecoderShape shape,
        WeightMatrix embedding,
        Optional<WeightMatrix> positions,
        List<Layer> layers,
        float[] outputNorm,
        float[] outputNormBias,
        WeightMatrix output)
        implements WeightSource {
    public DecoderWeights {
        layers = List.copyOf(layers);
        if (layers.size() != shape.layers()) {
            throw new IllegalArgumentException(shape.layers() + " layers expected, " + layers.size() + " given");
        }
        check(embedding, shape.vocabulary(), shape.width());
        check(output, shape.vocabulary(), shape.width());
        DecoderTraits traits = shape.traits();
        if (positions.isPresent() != traits.learnsPositions()) {
            throw new IllegalArgumentException("positions are " + (traits.learnsPositions() ? "" : "not ")
                    + "learned, but their table is " + (positions.isPresent() ? "there" : "missing"));
        }
        if (positions.isPresent()) {
            check(positions.get(), traits.positionOffset() + shape.contextTokens(), shape.width());
        }
        checkNorm("the output's norm", outputNorm, outputNormBias, shape);
        for (Layer layer : layers) {
            check(layer, shape);
        }
    }

    /** The weights of a decoder with neither learned positions nor a bias in its last norm. */
    public DecoderWeights(
            DecoderShape shape, WeightMatrix embedding, List<Layer> layers, float[] outputNorm, WeightMatrix output) {
        this(shape, embedding, Optional.empty(), layers, outputNorm, new float[0], output);
    }

    @Override
    public Layer layer(int layer) {
        return layers.get(layer);
    }

    @Override
    public Layer queryOf(int layer) {
        return layers.get(layer);
    }

    @Override
    public void embedding(int token, float[] target, int at) {
        row(embedding, token, target, at);
    }

    @Override
    public void position(int row, float[] target, int at) {
        row(positions.orElseThrow(), row, target, at);
    }

    private static void row(WeightMatrix table, int row, float[] target, int at) {
        ScalarDequantizer.row(table.type(), table.data(), row * table.rowBytes(), target, at, table.columns());
    }

    @Override
    public int outputBands() {
        return 1;
    }

    @Override
    public WeightMatrix outputBand(int band) {
        Objects.checkIndex(band, 1);
        return output;
    }

    private static void check(Layer layer, DecoderShape shape) {
        check(layer.query, shape.queryWidth(), shape.width());
        check(layer.key, shape.kvWidth(), shape.width());
        check(layer.value, shape.kvWidth(), shape.width());
        check(layer.attentionOutput, shape.width(), shape.queryWidth());
        boolean gated = shape.traits().feedForward() == DecoderTraits.FeedForward.SILU_GATED;
        if (layer.gate.isPresent() != gated) {
            throw new IllegalArgumentException(
                    "a gate is " + (gated ? "missing" : "given to a feed-forward layer without"));
        }
        if (gated) {
            check(layer.gate.get(), shape.feedForward(), shape.width());
        }
        check(layer.up, shape.feedForward(), shape.width());
        check(layer.down, shape.width(), shape.feedForward());
        Biases biases = layer.biases;
        checkNorm("the attention's norm", layer.attentionNorm, biases.attentionNorm, shape);
        checkNorm("the feed-forward layer's norm", layer.feedForwardNorm, biases.feedForwardNorm, shape);
        checkBias("query bias", biases.query, shape.queryWidth());
        checkBias("key bias", biases.key, shape.kvWidth());
        checkBias("value bias", biases.value, shape.kvWidth());
        checkBias("attention output bias", biases.attentionOutput, shape.width());
        checkBias("up bias", biases.up, gated ? 0 : shape.feedForward());
        checkBias("down bias", biases.down, shape.width());
        int headDim = shape.traits().normsHeads() ? shape.headDim() : 0;
        if (layer.queryNorm.length != headDim || layer.keyNorm.length != headDim) {
            throw new IllegalArgumentException("norms of query and key heads have " + layer.queryNorm.length + " and "
                    + layer.keyNorm.length + " weights, not " + headDim);
        }
    }

    private static void checkNorm(String name, float[] weight, float[] bias, DecoderShape shape) {
        int biased = shape.traits().norm() == DecoderTraits.Norm.LAYER ? shape.width() : 0;
        if (weight.length != shape.width() || bias.length != biased) {
            throw new IllegalArgumentException(name + " has " + weight.length + " weights and a bias of " + bias.length
                    + ", not " + shape.width() + " and " + biased);
        }
    }

    private static void checkBias(String name, float[] bias, int channels) {
        if (bias.length != 0 && bias.length != channels) {
            throw new IllegalArgumentException(name + " has " + bias.length + " values, not " + channels + " or none");
        }
    }

    private static void check(WeightMatrix matrix, int rows, int columns) {
        if (matrix.rows() != rows || matrix.columns() != columns) {
            throw new IllegalArgumentException(matrix.name() + " is " + matrix.rows() + " x " + matrix.columns()
                    + ", but the model's shape asks for " + rows + " x " + columns);
        }
    }

    /**
     * One transformer block.
     *
     * @param attentionNorm {@code [width]}
     * @param feedForwardNorm {@code [width]}
     * @param gate absent where the feed-forward layer has none
     * @param queryNorm {@code [headDim]}, or empty where heads are not normalised
     * @param keyNorm {@code [headDim]}, or empty
     */
    @SuppressWarnings("ArrayRecordComponent") // weights are never compared
    public record Layer(
            float[] attentionNorm,
            WeightMatrix query,
            WeightMatrix key,
            WeightMatrix value,
            WeightMatrix attentionOutput,
            float[] feedForwardNorm,
            Optional<WeightMatrix> gate,
            WeightMatrix up,
            WeightMatrix down,
            float[] queryNorm,
            float[] keyNorm,
            Biases biases) {
        /** A block of the Llama family: gated, without biases. */
        public Layer(
                float[] attentionNorm,
                WeightMatrix query,
                WeightMatrix key,
                WeightMatrix value,
                WeightMatrix attentionOutput,
                float[] feedForwardNorm,
                WeightMatrix gate,
                WeightMatrix up,
                WeightMatrix down) {
            this(
                    attentionNorm,
                    query,
                    key,
                    value,
                    attentionOutput,
                    feedForwardNorm,
                    Optional.of(gate),
                    up,
                    down,
                    new float[0],
                    new float[0],
                    Biases.NONE);
        }
    }

    /**
     * What a block adds to its products and norms, each as long as what it is added to, or empty for none.
     *
     * @param attentionNorm as are the others
     */
    @SuppressWarnings("ArrayRecordComponent") // weights are never compared
    public record Biases(
            float[] attentionNorm,
            float[] query,
            float[] key,
            float[] value,
            float[] attentionOutput,
            float[] feedForwardNorm,
            float[] up,
            float[] down) {
        private static final float[] EMPTY = {};

        /** No bias anywhere. */
        public static final Biases NONE = new Biases(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY);
    }
}
