package io.longinfer.model.huggingface;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonReader;
import io.longinfer.model.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The decoder in a directory with {@code config.json} and safetensors, its weights in the mapped files. Owns the mappings.
 * Immutable and safe for any thread.
 */
public final class HuggingFaceModel implements AutoCloseable {
    private static final String CONFIG = "config.json";

    private final SafetensorsCheckpoint checkpoint;
    private final DecoderWeights weights;

    private HuggingFaceModel(SafetensorsCheckpoint checkpoint, DecoderWeights weights) {
        this.checkpoint = checkpoint;
        this.weights = weights;
    }

    /**
     * Maps a checkpoint and checks it against its configuration.
     *
     * @throws ModelFormatException if architecture or settings are not handled, or tensors are missing, of wrong shapes, or
     *     unknown
     * @throws IOException if it cannot be read
     */
    public static HuggingFaceModel open(Path directory) throws IOException {
        HuggingFaceConfig config = new HuggingFaceConfig(JsonReader.read(directory.resolve(CONFIG)));
        SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(directory);
        try {
            HuggingFaceTensors tensors = new HuggingFaceTensors(directory, checkpoint.tensors());
            return new HuggingFaceModel(checkpoint, weights(config, tensors));
        } catch (IOException | RuntimeException | Error failure) {
            checkpoint.close();
            throw failure;
        }
    }

    private static DecoderWeights weights(HuggingFaceConfig config, HuggingFaceTensors tensors)
            throws ModelFormatException {
        DecoderShape shape = config.shape();
        boolean opt = config.family() == Family.OPT;
        // Some checkpoints hold the decoder alone, without the model around it.
        String model = tensors.contains(opt ? "decoder.embed_tokens.weight" : "embed_tokens.weight") ? "" : "model.";
        String prefix = opt ? model + "decoder." : model;
        int width = shape.width();
        WeightMatrix embedding = tensors.matrix(prefix + "embed_tokens.weight", shape.vocabulary(), width);
        Optional<WeightMatrix> positions = Optional.empty();
        if (shape.traits().learnsPositions()) {
            int rows = shape.traits().positionOffset() + shape.contextTokens();
            positions = Optional.of(tensors.matrix(prefix + "embed_positions.weight", rows, width));
        }
        List<DecoderWeights.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            layers.add(layer(config, shape, tensors, prefix + "layers." + layer + "."));
        }
        String norm = prefix + (opt ? "final_layer_norm" : "norm");
        float[] outputNorm = tensors.vector(norm + ".weight", width);
        float[] outputNormBias = tensors.vectorIf(hasNormBias(shape), norm + ".bias", width);
        WeightMatrix output = output(config, shape, tensors, embedding);
        tensors.refuseOthers();
        return new DecoderWeights(shape, embedding, positions, layers, outputNorm, outputNormBias, output);
    }

    /** A tied output may be saved once more; the library does not read it then. */
    private static WeightMatrix output(
            HuggingFaceConfig config, DecoderShape shape, HuggingFaceTensors tensors, WeightMatrix embedding)
            throws ModelFormatException {
        String name = "lm_head.weight";
        boolean tied = config.tied();
        if (tied && !tensors.contains(name)) {
            return embedding;
        }
        WeightMatrix output = tensors.matrix(name, shape.vocabulary(), shape.width());
        return tied ? embedding : output;
    }

    private static DecoderWeights.Layer layer(
            HuggingFaceConfig config, DecoderShape shape, HuggingFaceTensors tensors, String prefix)
            throws ModelFormatException {
        int width = shape.width();
        boolean gated = shape.traits().feedForward() == DecoderTraits.FeedForward.SILU_GATED;
        boolean headNorms = shape.traits().normsHeads();
        String self = prefix + "self_attn.";
        String attentionNorm = prefix + (gated ? "input_layernorm" : "self_attn_layer_norm");
        String feedForwardNorm = prefix + (gated ? "post_attention_layernorm" : "final_layer_norm");
        return new DecoderWeights.Layer(
                tensors.vector(attentionNorm + ".weight", width),
                tensors.matrix(self + "q_proj.weight", shape.queryWidth(), width),
                tensors.matrix(self + "k_proj.weight", shape.kvWidth(), width),
                tensors.matrix(self + "v_proj.weight", shape.kvWidth(), width),
                tensors.matrix(self + (gated ? "o_proj.weight" : "out_proj.weight"), width, shape.queryWidth()),
                tensors.vector(feedForwardNorm + ".weight", width),
                gated
                        ? Optional.of(tensors.matrix(prefix + "mlp.gate_proj.weight", shape.feedForward(), width))
                        : Optional.empty(),
                tensors.matrix(prefix + (gated ? "mlp.up_proj.weight" : "fc1.weight"), shape.feedForward(), width),
                tensors.matrix(prefix + (gated ? "mlp.down_proj.weight" : "fc2.weight"), width, shape.feedForward()),
                tensors.vectorIf(headNorms, self + "q_norm.weight", shape.headDim()),
                tensors.vectorIf(headNorms, self + "k_norm.weight", shape.headDim()),
                new DecoderWeights.Biases(
                        tensors.vectorIf(hasNormBias(shape), attentionNorm + ".bias", width),
                        tensors.vectorIf(config.hasQueryKeyValueBias(), self + "q_proj.bias", shape.queryWidth()),
                        tensors.vectorIf(config.hasQueryKeyValueBias(), self + "k_proj.bias", shape.kvWidth()),
                        tensors.vectorIf(config.hasQueryKeyValueBias(), self + "v_proj.bias", shape.kvWidth()),
                        tensors.vectorIf(
                                config.hasAttentionOutputBias(),
                                self + (gated ? "o_proj.bias" : "out_proj.bias"),
                                width),
                        tensors.vectorIf(hasNormBias(shape), feedForwardNorm + ".bias", width),
                        tensors.vectorIf(!gated, prefix + "fc1.bias", shape.feedForward()),
                        tensors.vectorIf(!gated, prefix + "fc2.bias", width)));
    }

    private static boolean hasNormBias(DecoderShape shape) {
        return shape.traits().norm() == DecoderTraits.Norm.LAYER;
    }

    /** The decoder's weights, valid until this is closed. */
    public DecoderWeights weights() {
        return weights;
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
