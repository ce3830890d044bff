package io.longinfer.model.dummy;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.model.huggingface.DecoderDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Random weights of a shape, in native memory and made in place. A product's results have about the spread of its input, so
 * that activations stay finite through any number of layers. Owns the memory. Immutable and safe for any thread.
 *
 * <p>Left out is what costs no time: biases but those of norms, which are zero.
 */
public final class DummyWeights implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    // Shared, because the threads of a worker pool all read the weights.
    private final Arena arena = Arena.ofShared();
    private final DecoderShape shape;
    private final RandomFill fill;
    private final DecoderWeights weights;
    private long sizeBytes;

    private DummyWeights(DecoderDescription description, TensorType type, long seed, boolean sharedLayers) {
        shape = description.shape();
        fill = new RandomFill(type, seed);
        int width = shape.width();
        WeightMatrix embedding = matrix("embedding", shape.vocabulary(), width);
        DecoderTraits traits = shape.traits();
        Optional<WeightMatrix> positions = traits.learnsPositions()
                ? Optional.of(matrix("positions", traits.positionOffset() + shape.contextTokens(), width))
                : Optional.empty();
        List<DecoderWeights.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            layers.add(sharedLayers && layer > 0 ? layers.getFirst() : layer("layer " + layer + " "));
        }
        WeightMatrix output = description.tied() ? embedding : matrix("output", shape.vocabulary(), width);
        weights = new DecoderWeights(shape, embedding, positions, layers, ones(width), normBias(), output);
    }

    /**
     * Makes weights; takes as long as it takes to write their memory.
     *
     * @param type F16, Q8_0 or Q4_0
     * @param sharedLayers whether all layers are the same memory, so that a shape may be larger than this machine; caches then
     *     serve weights that would come from memory
     * @throws IllegalArgumentException if the type is another, or the shape's widths are no multiples of its block
     */
    public static DummyWeights of(DecoderDescription description, TensorType type, long seed, boolean sharedLayers) {
        return new DummyWeights(description, type, seed, sharedLayers);
    }

    private DecoderWeights.Layer layer(String name) {
        int width = shape.width();
        boolean gated = shape.traits().feedForward() == DecoderTraits.FeedForward.SILU_GATED;
        float[] headNorm = ones(shape.traits().normsHeads() ? shape.headDim() : 0);
        float[] none = {};
        return new DecoderWeights.Layer(
                ones(width),
                matrix(name + "query", shape.queryWidth(), width),
                matrix(name + "key", shape.kvWidth(), width),
                matrix(name + "value", shape.kvWidth(), width),
                matrix(name + "attention output", width, shape.queryWidth()),
                ones(width),
                gated ? Optional.of(matrix(name + "gate", shape.feedForward(), width)) : Optional.empty(),
                matrix(name + "up", shape.feedForward(), width),
                matrix(name + "down", width, shape.feedForward()),
                headNorm,
                headNorm,
                new DecoderWeights.Biases(normBias(), none, none, none, none, normBias(), none, none));
    }

    private float[] normBias() {
        return new float[shape.traits().norm() == DecoderTraits.Norm.LAYER ? shape.width() : 0];
    }

    private WeightMatrix matrix(String name, int rows, int columns) {
        long bytes = Math.multiplyExact(fill.type().sizeBytes(columns), (long) rows);
        MemorySegment data = arena.allocate(bytes, ALIGNMENT);
        fill.fill(data, columns);
        sizeBytes += bytes;
        return new WeightMatrix(name, fill.type(), rows, columns, data.asReadOnly());
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        Arrays.fill(ones, 1f);
        return ones;
    }

    /** The weights, valid until this is closed. */
    public DecoderWeights weights() {
        return weights;
    }

    /** Bytes of memory that the matrices take. */
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
