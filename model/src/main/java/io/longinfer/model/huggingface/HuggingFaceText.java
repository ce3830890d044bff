package io.longinfer.model.huggingface;

import io.longinfer.model.chat.ChatTemplate;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import io.longinfer.model.json.JsonReader;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a checkpoint's directory says of texts: {@code tokenizer.json}, the special tokens and chat template of {@code
 * tokenizer_config.json} (a template may have a file of its own, {@code chat_template.jinja}), and the ends of generation of
 * {@code generation_config.json}, or of {@code config.json} where there is none. Immutable.
 */
public record HuggingFaceText(Tokenizer tokenizer, Optional<ChatTemplate> chatTemplate) {
    private static final String TEMPLATE = "chat_template";
    private static final String TEMPLATE_FILE = "chat_template.jinja";
    private static final String ENDS = "eos_token_id";

    /**
     * Reads a directory.
     *
     * @throws ModelFormatException if a file is damaged, or asks for something that is not handled
     * @throws IOException if there is no {@code tokenizer.json}, or files cannot be read
     */
    public static HuggingFaceText read(Path directory) throws IOException {
        Path file = directory.resolve("tokenizer.json");
        if (!Files.exists(file)) {
            throw new ModelFormatException(
                    directory,
                    ModelFormatException.NO_OFFSET,
                    "tokenizer.json",
                    "absent",
                    "a tokenizer in this form (tokenizer.model and vocab.json are not handled)");
        }
        JsonObject config = optional(directory.resolve("tokenizer_config.json"));
        Tokenizer tokenizer = Tokenizer.of(JsonReader.read(file), config, ends(directory));
        return new HuggingFaceText(tokenizer, template(directory, config).map(t -> ChatTemplate.of(t, tokenizer)));
    }

    private static JsonObject optional(Path file) throws IOException {
        return Files.exists(file) ? JsonReader.read(file) : JsonObject.empty(file);
    }

    private static Set<Integer> ends(Path directory) throws IOException {
        JsonObject generation = optional(directory.resolve("generation_config.json"));
        JsonObject from = generation.contains(ENDS) ? generation : JsonReader.read(directory.resolve("config.json"));
        Set<Integer> ends = new HashSet<>();
        if (from.contains(ENDS)) {
            List<?> ids = from.value(ENDS) instanceof List<?> list ? list : List.of(from.integer(ENDS));
            for (Object id : ids) {
                if (!(id instanceof Long number) || number < 0 || number > Integer.MAX_VALUE) {
                    throw from.error(ENDS, id, "a token id, or a list of them");
                }
                ends.add(Math.toIntExact(number));
            }
        }
        return ends;
    }

    /** A list holds templates by name, of which the one for conversations is called default. */
    private static Optional<String> template(Path directory, JsonObject config) throws IOException {
        Path file = directory.resolve(TEMPLATE_FILE);
        if (Files.exists(file)) {
            try {
                return Optional.of(Files.readString(file));
            } catch (MalformedInputException e) {
                throw new ModelFormatException(file, ModelFormatException.NO_OFFSET, "the text", "no UTF-8", "UTF-8");
            }
        }
        if (!config.contains(TEMPLATE)) {
            return Optional.empty();
        }
        if (!(config.value(TEMPLATE) instanceof List<?>)) {
            return Optional.of(config.string(TEMPLATE));
        }
        for (JsonObject named : config.objects(TEMPLATE)) {
            if (named.string("name").equals("default")) {
                return Optional.of(named.string("template"));
            }
        }
        return Optional.empty();
    }
}
