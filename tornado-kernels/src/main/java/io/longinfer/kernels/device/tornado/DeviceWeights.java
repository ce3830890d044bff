package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.linear.PackedWeights;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.List;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The weights of a decoder as device arrays, those of all layers in one: {@code [layers][...]}. Copied to the device once.
 */
final class DeviceWeights {
    private final Graphs graphs;

    /** Query, key and value, one below the other. */
    final PackedWeights projection;

    final PackedWeights attentionOutput;

    /** Gate and up, one below the other, or up alone. */
    final PackedWeights up;

    final PackedWeights down;

    /** The output matrix, as the only layer. */
    final PackedWeights output;

    final FloatArray attentionNorm;
    final FloatArray attentionNormBias;
    final FloatArray feedForwardNorm;
    final FloatArray feedForwardNormBias;
    final FloatArray queryNorm;
    final FloatArray keyNorm;
    final FloatArray outputNorm;
    final FloatArray outputNormBias;
    final Bias noBias;
    final Bias projectionBias;
    final Bias attentionOutputBias;
    final Bias upBias;
    final Bias downBias;

    /** {@code [layers]}: most tokens that a query sees; 1 where positions turn heads. */
    final IntArray windows;

    final IntArray rotates;

    /** What is added to a product's outputs. */
    record Bias(FloatArray values, boolean present) {}

    DeviceWeights(DecoderWeights weights, Graphs graphs) {
        this.graphs = graphs;
        noBias = new Bias(none(), false);
        DecoderShape shape = weights.shape();
        List<DecoderWeights.Layer> layers = weights.layers();
        boolean gated = shape.traits().feedForward() == DecoderTraits.FeedForward.SILU_GATED;
        projection = stacked(layers, layer -> List.of(layer.query(), layer.key(), layer.value()));
        attentionOutput = stacked(layers, layer -> List.of(layer.attentionOutput()));
        up = stacked(layers, layer -> gated ? List.of(layer.gate().orElseThrow(), layer.up()) : List.of(layer.up()));
        down = stacked(layers, layer -> List.of(layer.down()));
        output = share(PackedWeights.of(List.of(weights.output())));
        attentionNorm = rows(layers, shape.width(), DecoderWeights.Layer::attentionNorm);
        attentionNormBias = rows(layers, shape.width(), layer -> layer.biases().attentionNorm());
        feedForwardNorm = rows(layers, shape.width(), DecoderWeights.Layer::feedForwardNorm);
        feedForwardNormBias =
                rows(layers, shape.width(), layer -> layer.biases().feedForwardNorm());
        queryNorm = rows(layers, shape.headDim(), DecoderWeights.Layer::queryNorm);
        keyNorm = rows(layers, shape.headDim(), DecoderWeights.Layer::keyNorm);
        outputNorm = graphs.copied(FloatArray.fromArray(weights.outputNorm()));
        outputNormBias = weights.outputNormBias().length == 0
                ? none()
                : graphs.copied(FloatArray.fromArray(weights.outputNormBias()));
        projectionBias = projectionBias(layers, shape);
        attentionOutputBias =
                bias(layers, shape.width(), layer -> layer.biases().attentionOutput());
        upBias = bias(layers, shape.feedForward(), layer -> layer.biases().up());
        downBias = bias(layers, shape.width(), layer -> layer.biases().down());
        windows = new IntArray(shape.layers());
        rotates = new IntArray(shape.layers());
        for (int layer = 0; layer < shape.layers(); layer++) {
            windows.set(layer, shape.window(layer));
            rotates.set(layer, shape.rotates(layer) ? 1 : 0);
        }
        graphs.copied(windows);
        graphs.copied(rotates);
    }

    private PackedWeights stacked(
            List<DecoderWeights.Layer> layers, Function<DecoderWeights.Layer, List<WeightMatrix>> matrices) {
        return share(PackedWeights.stacked(layers.stream().map(matrices).toList()));
    }

    private PackedWeights share(PackedWeights weights) {
        graphs.copied(weights.ints());
        graphs.copied(weights.floats());
        return weights;
    }

    /** {@code [layers][width]}, zero where a layer has none; one number that nobody reads if no layer has any. */
    private FloatArray rows(
            List<DecoderWeights.Layer> layers, int width, Function<DecoderWeights.Layer, float[]> values) {
        if (absent(layers, values)) {
            return none();
        }
        FloatArray rows = new FloatArray(Math.multiplyExact(layers.size(), width));
        rows.init(0f);
        for (int layer = 0; layer < layers.size(); layer++) {
            put(values.apply(layers.get(layer)), rows, layer * width);
        }
        return graphs.copied(rows);
    }

    private static boolean absent(List<DecoderWeights.Layer> layers, Function<DecoderWeights.Layer, float[]> values) {
        return layers.stream().allMatch(layer -> values.apply(layer).length == 0);
    }

    /** Stands for what a model does not have: an array of its own, as no task may take one twice. */
    private FloatArray none() {
        return graphs.copied(FloatArray.fromElements(0f));
    }

    private Bias bias(List<DecoderWeights.Layer> layers, int width, Function<DecoderWeights.Layer, float[]> values) {
        return new Bias(rows(layers, width, values), !absent(layers, values));
    }

    private Bias projectionBias(List<DecoderWeights.Layer> layers, DecoderShape shape) {
        int width = shape.queryWidth() + 2 * shape.kvWidth();
        return bias(layers, width, layer -> {
            DecoderWeights.Biases biases = layer.biases();
            if (biases.query().length + biases.key().length + biases.value().length == 0) {
                return new float[0];
            }
            float[] all = new float[width];
            System.arraycopy(biases.query(), 0, all, 0, biases.query().length);
            System.arraycopy(biases.key(), 0, all, shape.queryWidth(), biases.key().length);
            System.arraycopy(biases.value(), 0, all, shape.queryWidth() + shape.kvWidth(), biases.value().length);
            return all;
        });
    }

    private static void put(float[] values, FloatArray target, int at) {
        for (int i = 0; i < values.length; i++) {
            target.set(at + i, values[i]);
        }
    }
}
