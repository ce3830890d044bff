package io.longinfer.eval.documents;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads files of examples: a JSON array of objects with a document, a question and its answer. */
public final class Examples {
    private Examples() {}

    /**
     * Reads all examples of a file.
     *
     * @throws IOException if the file is missing or is no such array; the message names file, entry and field
     */
    public static List<Example> read(Path file) throws IOException {
        List<Object> entries;
        try {
            entries = JSON.std.listFrom(Files.readString(file));
        } catch (NoSuchFileException missing) {
            throw new IOException(file + ": no such file", missing);
        } catch (JacksonException malformed) {
            throw new IOException(file + ": no JSON array of examples", malformed);
        }
        List<Example> examples = new ArrayList<>();
        for (Object entry : entries) {
            String where = file + ": example " + examples.size();
            if (!(entry instanceof Map<?, ?> fields)) {
                throw new IOException(where + ": an object is expected, not " + entry);
            }
            examples.add(new Example(
                    fields.get("tokens_about") instanceof Number tokens ? tokens.intValue() : 0,
                    text(fields, "document", where),
                    text(fields, "question", where),
                    text(fields, "answer", where),
                    text(fields, "answer_sentence", where)));
        }
        return List.copyOf(examples);
    }

    private static String text(Map<?, ?> fields, String name, String where) throws IOException {
        if (fields.get(name) instanceof String text) {
            return text;
        }
        throw new IOException(where + ": the field \"" + name + "\" must be a string, but is " + fields.get(name));
    }
}
