package io.longinfer.model.llama;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.gguf.ModelFormatException;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a decoder of a GGUF file of architecture {@code llama}. What the file asks for and is not handled, be it a key or a
 * tensor, is refused by name: a model computed otherwise than it was trained gives wrong answers without a sign. Stateless.
 */
public final class LlamaLoader {
    private LlamaLoader() {}

    /**
     * The shape alone.
     *
     * @throws ModelFormatException if the file is not a Llama model that is handled
     */
    public static DecoderShape shape(GgufFile file) throws ModelFormatException {
        return shape(new LlamaHyperparameters(file.metadata()), new LlamaTensors(file));
    }

    /**
     * Shape and weights. The matrices lie in the mapped file and live as long as it is open.
     *
     * @throws ModelFormatException if the file is not a Llama model that is handled, or tensors are missing, of wrong
     *     dimensions, or unknown
     */
    public static DecoderWeights load(GgufFile file) throws ModelFormatException {
        LlamaTensors tensors = new LlamaTensors(file);
        DecoderShape shape = shape(new LlamaHyperparameters(file.metadata()), tensors);
        int width = shape.width();
        WeightMatrix embedding = tensors.matrix("token_embd.weight", shape.vocabulary(), width);
        List<DecoderWeights.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            layers.add(layer(tensors, shape, "blk." + layer + "."));
        }
        float[] outputNorm = tensors.vector("output_norm.weight", width);
        WeightMatrix output = tensors.contains("output.weight")
                ? tensors.matrix("output.weight", shape.vocabulary(), width)
                : embedding;
        tensors.refuseOthers();
        return new DecoderWeights(shape, embedding, layers, outputNorm, output);
    }

    private static DecoderShape shape(LlamaHyperparameters parameters, LlamaTensors tensors)
            throws ModelFormatException {
        int width = parameters.width();
        int headDim = parameters.headDim();
        int vocabulary = tensors.rows("token_embd.weight");
        parameters.checkVocabulary(vocabulary);
        // Llama 3's frequency scaling comes as a tensor of divisors.
        float[] divisors =
                tensors.contains("rope_freqs.weight") ? tensors.vector("rope_freqs.weight", headDim / 2) : new float[0];
        return new DecoderShape(
                parameters.layers(),
                width,
                parameters.heads(),
                parameters.kvHeads(),
                headDim,
                parameters.feedForward(),
                vocabulary,
                parameters.normEpsilon(),
                parameters.rope(divisors),
                parameters.contextTokens());
    }

    private static DecoderWeights.Layer layer(LlamaTensors tensors, DecoderShape shape, String prefix)
            throws ModelFormatException {
        int width = shape.width();
        return new DecoderWeights.Layer(
                tensors.vector(prefix + "attn_norm.weight", width),
                tensors.matrix(prefix + "attn_q.weight", shape.queryWidth(), width),
                tensors.matrix(prefix + "attn_k.weight", shape.kvWidth(), width),
                tensors.matrix(prefix + "attn_v.weight", shape.kvWidth(), width),
                tensors.matrix(prefix + "attn_output.weight", width, shape.queryWidth()),
                tensors.vector(prefix + "ffn_norm.weight", width),
                tensors.matrix(prefix + "ffn_gate.weight", shape.feedForward(), width),
                tensors.matrix(prefix + "ffn_up.weight", shape.feedForward(), width),
                tensors.matrix(prefix + "ffn_down.weight", width, shape.feedForward()));
    }
}
