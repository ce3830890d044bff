package io.longinfer.model.huggingface;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;

/**
 * What a {@code config.json} says of a decoder without its weights. Immutable.
 *
 * @param tied whether the output is the embedding's matrix
 */
public record DecoderDescription(DecoderShape shape, boolean tied) {
    /**
     * Reads a configuration.
     *
     * @throws ModelFormatException if its architecture or one of its settings is not handled
     */
    public static DecoderDescription of(JsonObject config) throws ModelFormatException {
        HuggingFaceConfig checked = new HuggingFaceConfig(config);
        return new DecoderDescription(checked.shape(), checked.tied());
    }
}
