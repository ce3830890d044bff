package io.longinfer.model;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.model.chat.ChatTemplate;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.llama.LlamaLoader;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model read from a GGUF file: weights (in the mapped file), tokenizer and chat template. Immutable; closing unmaps the
 * file, so sessions on it are closed first.
 */
public final class Model implements AutoCloseable {
    private final GgufFile file;
    private final DecoderWeights weights;
    private final Tokenizer tokenizer;
    private final Optional<ChatTemplate> chatTemplate;

    private Model(GgufFile file) throws IOException {
        this.file = file;
        weights = LlamaLoader.load(file);
        tokenizer = Tokenizer.of(file.metadata());
        chatTemplate = ChatTemplate.of(file.metadata(), tokenizer);
        if (tokenizer.vocabularySize() > weights.shape().vocabulary()) {
            throw file.metadata()
                    .error(
                            "tokenizer.ggml.tokens",
                            tokenizer.vocabularySize() + " tokens",
                            "at most " + weights.shape().vocabulary() + ", the rows of the embedding");
        }
    }

    /**
     * Opens a model.
     *
     * @throws IOException if the file cannot be read, or is no model that is handled
     */
    public static Model open(Path path) throws IOException {
        GgufFile file = GgufFile.open(path);
        try {
            return new Model(file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The file's path. */
    public Path path() {
        return file.path();
    }

    /** The file. */
    public GgufFile file() {
        return file;
    }

    /** The decoder's shape. */
    public DecoderShape shape() {
        return weights.shape();
    }

    /** The decoder's weights, valid until this is closed. */
    public DecoderWeights weights() {
        return weights;
    }

    /** The tokenizer. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** The file's own chat template, if it has one. */
    public Optional<ChatTemplate> chatTemplate() {
        return chatTemplate;
    }

    @Override
    public void close() {
        file.close();
    }
}
