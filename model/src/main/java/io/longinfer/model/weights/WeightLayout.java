package io.longinfer.model.weights;

import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.DecoderWeights.Layer;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A decoder's weights cut into units. The output matrix is cut so that no part is longer than a layer; tables of which only
 * single rows are read come behind. Norms and biases are part of no unit.
 */
final class WeightLayout {
    private final List<WeightUnit> layers = new ArrayList<>();
    private final WeightTable output;
    private final WeightTable embedding;
    private final Optional<WeightTable> positions;
    private final boolean tied;
    private final long vectorBytes;
    private final int alignment;

    WeightLayout(DecoderWeights weights, int alignment) {
        this.alignment = alignment;
        long largest = 0;
        long floats = (long) weights.outputNorm().length + weights.outputNormBias().length;
        for (Layer layer : weights.layers()) {
            WeightUnit unit = new WeightUnit(layers.size(), "layer " + layers.size(), matrices(layer), alignment);
            largest = Math.max(largest, unit.sizeBytes());
            floats += floats(layer);
            layers.add(unit);
        }
        vectorBytes = floats * Float.BYTES;
        tied = weights.embedding().equals(weights.output());
        int next = layers.size();
        output = WeightTable.cut(weights.output(), largest, next, alignment, tied);
        next += output.bands().size();
        embedding = tied ? output : WeightTable.cut(weights.embedding(), largest, next, alignment, true);
        next += tied ? 0 : embedding.bands().size();
        int behind = next;
        long most = largest;
        positions = weights.positions().map(matrix -> WeightTable.cut(matrix, most, behind, alignment, true));
    }

    /** The query matrix first: it is needed before the others, to predict. */
    private static List<WeightMatrix> matrices(Layer layer) {
        List<WeightMatrix> matrices =
                new ArrayList<>(List.of(layer.query(), layer.key(), layer.value(), layer.attentionOutput()));
        layer.gate().ifPresent(matrices::add);
        matrices.add(layer.up());
        matrices.add(layer.down());
        return matrices;
    }

    /** A layer with other matrices, in the order of its unit. */
    static Layer with(Layer layer, List<WeightMatrix> matrices) {
        int gates = layer.gate().isPresent() ? 1 : 0;
        return new Layer(
                layer.attentionNorm(),
                matrices.get(0),
                matrices.get(1),
                matrices.get(2),
                matrices.get(3),
                layer.feedForwardNorm(),
                gates > 0 ? Optional.of(matrices.get(4)) : Optional.empty(),
                matrices.get(4 + gates),
                matrices.get(5 + gates),
                layer.queryNorm(),
                layer.keyNorm(),
                layer.biases());
    }

    private static long floats(Layer layer) {
        DecoderWeights.Biases biases = layer.biases();
        return (long) layer.attentionNorm().length
                + layer.feedForwardNorm().length
                + layer.queryNorm().length
                + layer.keyNorm().length
                + biases.attentionNorm().length
                + biases.query().length
                + biases.key().length
                + biases.value().length
                + biases.attentionOutput().length
                + biases.feedForwardNorm().length
                + biases.up().length
                + biases.down().length;
    }

    int alignment() {
        return alignment;
    }

    List<WeightUnit> layers() {
        return layers;
    }

    WeightTable output() {
        return output;
    }

    /** The same as {@link #output()} when tied. */
    WeightTable embedding() {
        return embedding;
    }

    Optional<WeightTable> positions() {
        return positions;
    }

    /** Bytes of norms and biases. */
    long vectorBytes() {
        return vectorBytes;
    }

    /** Units that are needed whole, in the order in which a step needs them. */
    List<WeightUnit> streamable() {
        List<WeightUnit> units = new ArrayList<>(layers);
        units.addAll(output.bands());
        return units;
    }

    /** Units of which only rows are looked up. */
    List<WeightUnit> rowsOnly() {
        List<WeightUnit> units = new ArrayList<>();
        if (!tied) {
            units.addAll(embedding.bands());
        }
        positions.ifPresent(table -> units.addAll(table.bands()));
        return units;
    }

    /** Bytes of a buffer for any one row, wherever it begins. */
    long rowBufferBytes() {
        long row = embedding.matrix().rowBytes();
        if (positions.isPresent()) {
            row = Math.max(row, positions.get().matrix().rowBytes());
        }
        return WeightUnit.padded(row, alignment) + alignment;
    }
}
