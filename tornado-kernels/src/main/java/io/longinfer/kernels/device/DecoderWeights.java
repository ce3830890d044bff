package io.longinfer.kernels.device;

import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.List;

/**
 * The weights of a decoder, matrices in their file's own format. Does not own their memory. Immutable.
 *
 * @param embedding {@code [vocabulary][width]}
 * @param outputNorm {@code [width]}
 * @param output {@code [vocabulary][width]}; the same object as {@code embedding} when tied
 */
@SuppressWarnings("ArrayRecordComponent") // weights are never compared
public record DecoderWeights(
        DecoderShape shape, WeightMatrix embedding, List<Layer> layers, float[] outputNorm, WeightMatrix output) {
    public DecoderWeights {
        layers = List.copyOf(layers);
        if (layers.size() != shape.layers()) {
            throw new IllegalArgumentException(shape.layers() + " layers expected, " + layers.size() + " given");
        }
        check(embedding, shape.vocabulary(), shape.width());
        check(output, shape.vocabulary(), shape.width());
        for (Layer layer : layers) {
            check(layer.query, shape.queryWidth(), shape.width());
            check(layer.key, shape.kvWidth(), shape.width());
            check(layer.value, shape.kvWidth(), shape.width());
            check(layer.attentionOutput, shape.width(), shape.queryWidth());
            check(layer.gate, shape.feedForward(), shape.width());
            check(layer.up, shape.feedForward(), shape.width());
            check(layer.down, shape.width(), shape.feedForward());
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
     */
    @SuppressWarnings("ArrayRecordComponent") // weights are never compared
    public record Layer(
            float[] attentionNorm,
            WeightMatrix query,
            WeightMatrix key,
            WeightMatrix value,
            WeightMatrix attentionOutput,
            float[] feedForwardNorm,
            WeightMatrix gate,
            WeightMatrix up,
            WeightMatrix down) {}
}
