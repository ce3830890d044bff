package io.longinfer.model;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.model.chat.ChatTemplate;
import io.longinfer.model.dummy.DummyWeights;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.huggingface.HuggingFaceModel;
import io.longinfer.model.huggingface.HuggingFaceText;
import io.longinfer.model.llama.LlamaLoader;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model read from a GGUF file or a directory in Hugging Face's layout: weights (in mapped files), tokenizer and chat template.
 * Immutable; closing unmaps the files, so sessions on it are closed first.
 */
public final class Model implements AutoCloseable {
    private final Path path;
    private final Runnable unmap;
    private final DecoderWeights weights;
    private final Optional<Tokenizer> tokenizer;
    private final Optional<ChatTemplate> chatTemplate;

    private Model(
            Path path,
            Runnable unmap,
            DecoderWeights weights,
            Optional<Tokenizer> tokenizer,
            Optional<ChatTemplate> chatTemplate)
            throws IOException {
        this.path = path;
        this.unmap = unmap;
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.chatTemplate = chatTemplate;
        int rows = weights.shape().vocabulary();
        int tokens = tokenizer.map(Tokenizer::vocabularySize).orElse(0);
        if (tokens > rows) {
            throw new ModelFormatException(
                    path,
                    ModelFormatException.NO_OFFSET,
                    "the tokenizer",
                    tokens + " tokens",
                    "at most " + rows + ", the rows of the embedding");
        }
    }

    /**
     * Opens a model.
     *
     * @param path a GGUF file, or a directory with {@code config.json}, {@code tokenizer.json} and safetensors
     * @throws IOException if files cannot be read, or are no model that is handled
     */
    public static Model open(Path path) throws IOException {
        return Files.isDirectory(path) ? directory(path) : gguf(path);
    }

    private static Model gguf(Path path) throws IOException {
        GgufFile file = GgufFile.open(path);
        try {
            DecoderWeights weights = LlamaLoader.load(file);
            Tokenizer tokenizer = Tokenizer.of(file.metadata());
            return new Model(
                    path, file::close, weights, Optional.of(tokenizer), ChatTemplate.of(file.metadata(), tokenizer));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static Model directory(Path path) throws IOException {
        HuggingFaceModel model = HuggingFaceModel.open(path);
        try {
            HuggingFaceText text = HuggingFaceText.read(path);
            return new Model(path, model::close, model.weights(), Optional.of(text.tokenizer()), text.chatTemplate());
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /**
     * A model of random weights, without a tokenizer.
     *
     * @param shape its shape's name, or the path of a {@code config.json}; becomes its path
     * @param weights closed with the model
     */
    public static Model dummy(String shape, DummyWeights weights) throws IOException {
        return new Model(Path.of(shape), weights::close, weights.weights(), Optional.empty(), Optional.empty());
    }

    /** The path of the file or directory. */
    public Path path() {
        return path;
    }

    /** The decoder's shape. */
    public DecoderShape shape() {
        return weights.shape();
    }

    /** The decoder's weights, valid until this is closed. */
    public DecoderWeights weights() {
        return weights;
    }

    /**
     * The tokenizer.
     *
     * @throws IllegalStateException if this is a model of random weights, which has none
     */
    public Tokenizer tokenizer() {
        return tokenizer.orElseThrow(
                () -> new IllegalStateException(path + " is a shape with dummy weights: it has no" + " tokenizer"));
    }

    /** The model's own chat template, if it has one. */
    public Optional<ChatTemplate> chatTemplate() {
        return chatTemplate;
    }

    @Override
    public void close() {
        unmap.run();
    }
}
