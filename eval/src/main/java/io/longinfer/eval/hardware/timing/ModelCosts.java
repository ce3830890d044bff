package io.longinfer.eval.hardware.timing;

import io.longinfer.eval.hardware.machine.Machine;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits.FeedForward;

/**
 * What a shape's weights cost on a machine's device: each product takes as long as reading its weights or as its operations,
 * whichever is more. Norms and activations are left out. Nanoseconds.
 *
 * @param weightBytes of one number of a weight matrix
 */
public record ModelCosts(Machine machine, DecoderShape shape, double weightBytes) {
    /** Numbers of the matrices before attention. */
    static double projectWeights(DecoderShape shape) {
        return (double) shape.width() * (shape.queryWidth() + 2.0 * shape.kvWidth());
    }

    /** Numbers of the matrix that makes queries, by which the next layer's are guessed. */
    double queryWeights() {
        return (double) shape.width() * shape.queryWidth();
    }

    /** Numbers of the matrices behind attention. */
    static double finishWeights(DecoderShape shape) {
        int matrices = shape.traits().feedForward() == FeedForward.SILU_GATED ? 3 : 2;
        return (double) shape.queryWidth() * shape.width() + (double) matrices * shape.width() * shape.feedForward();
    }

    /** Numbers of a layer's matrices. */
    static double layerWeights(DecoderShape shape) {
        return projectWeights(shape) + finishWeights(shape);
    }

    /** Numbers of the output matrix. */
    static double outputWeights(DecoderShape shape) {
        return (double) shape.width() * shape.vocabulary();
    }

    /** Bytes of all matrices of {@code weightBytes} a number, an embedding of its own not counted. */
    public static double bytes(DecoderShape shape, double weightBytes) {
        return (shape.layers() * layerWeights(shape) + outputWeights(shape)) * weightBytes;
    }

    /** Bytes of a layer's matrices. */
    double layerBytes() {
        return layerWeights(shape) * weightBytes;
    }

    /** Time of a product of {@code weights} numbers with {@code tokens} vectors. */
    double product(double weights, double tokens) {
        return 1e9
                * Math.max(
                        weights * weightBytes / machine.device().bandwidth(),
                        2 * weights * tokens / machine.device().flops());
    }

    /** Time to attend tokens of KV heads, each by the query heads that share it. */
    double attention(double headTokens) {
        double bytes = 4.0 * headTokens * shape.headDim();
        double operations = 4.0 * headTokens * shape.headDim() * shape.group();
        return 1e9
                * Math.max(
                        bytes / machine.device().attentionBandwidth(),
                        operations / machine.device().flops());
    }

    /** The share of the layers' weights that the device has no room for beside {@code kvBytes}; they come over the link in every step. */
    double streamedShare(double kvBytes) {
        double layers = shape.layers() * layerBytes();
        double room = machine.device().memoryBytes() - kvBytes - outputWeights(shape) * weightBytes;
        return Math.clamp(1 - room / layers, 0, 1);
    }
}
