package io.longinfer.eval.accuracy;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One object of a file that has one a line. What is missing in it or of another kind is a {@link TaskException} that names file and
 * line.
 *
 * @param line counted from 1
 */
public record JsonLine(Path file, int line, Map<String, Object> fields) {
    /**
     * Reads the first objects of a file; empty lines are left out.
     *
     * @throws TaskException if a line is no object, the file is no UTF-8, or there is nothing in it
     */
    public static List<JsonLine> read(Path file, int most) throws IOException {
        List<JsonLine> lines = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            String text = reader.readLine();
            for (int number = 1; text != null && lines.size() < most; number++) {
                if (!text.isBlank()) {
                    lines.add(parse(file, number, text));
                }
                text = reader.readLine();
            }
        } catch (CharacterCodingException noText) {
            throw new TaskException(file + ": bytes that are no UTF-8 found, JSON lines in UTF-8 expected");
        }
        if (lines.isEmpty()) {
            throw new TaskException(file + ": nothing in it, a JSON object a line expected");
        }
        return lines;
    }

    private static JsonLine parse(Path file, int number, String text) throws IOException {
        try {
            // As a list, so that whatever follows the object is seen.
            List<Object> values = JSON.std.listFrom("[" + text + "]");
            if (values.size() == 1 && values.getFirst() instanceof Map<?, ?> map) {
                return of(file, number, map);
            }
        } catch (JacksonException malformed) {
            // answered below
        }
        throw new TaskException(
                file + ", line " + number + ": '" + beginning(text) + "' found, a JSON object expected");
    }

    /** A text that must be there. */
    public String text(String key) {
        return optionalText(key).orElseThrow(() -> wrong(key, "a text"));
    }

    /** A text, if there is one. */
    public Optional<String> optionalText(String key) {
        Object value = fields.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof String text) {
            return Optional.of(text);
        }
        throw wrong(key, "a text");
    }

    /** Texts, at least one. */
    public List<String> texts(String key) {
        if (fields.get(key) instanceof List<?> list && !list.isEmpty()) {
            List<String> texts = new ArrayList<>();
            for (Object entry : list) {
                if (!(entry instanceof String text)) {
                    throw wrong(key, "a list of texts");
                }
                texts.add(text);
            }
            return texts;
        }
        throw wrong(key, "a list of texts");
    }

    /** A whole number from 0 to below {@code end}. */
    public int index(String key, int end) {
        if (fields.get(key) instanceof Integer number && number >= 0 && number < end) {
            return number;
        }
        throw wrong(key, "a whole number from 0 to " + (end - 1));
    }

    /** An object inside this one, which has its line. */
    public JsonLine object(String key) {
        if (fields.get(key) instanceof Map<?, ?> map) {
            return within(map);
        }
        throw wrong(key, "an object");
    }

    /** Objects inside this one, at least one. */
    public List<JsonLine> objects(String key) {
        if (fields.get(key) instanceof List<?> list && !list.isEmpty()) {
            List<JsonLine> objects = new ArrayList<>();
            for (Object entry : list) {
                if (!(entry instanceof Map<?, ?> map)) {
                    throw wrong(key, "a list of objects");
                }
                objects.add(within(map));
            }
            return objects;
        }
        throw wrong(key, "a list of objects");
    }

    private JsonLine within(Map<?, ?> map) {
        return of(file, line, map);
    }

    private static JsonLine of(Path file, int line, Map<?, ?> map) {
        Map<String, Object> fields = new LinkedHashMap<>();
        map.forEach((key, value) -> fields.put(String.valueOf(key), value));
        return new JsonLine(file, line, fields);
    }

    /** Says that a key has not what was expected. */
    public TaskException wrong(String key, String expected) {
        Object value = fields.get(key);
        String found = value == null ? "nothing" : "'" + beginning(String.valueOf(value)) + "'";
        return new TaskException(
                file + ", line " + line + ": " + found + " found as \"" + key + "\", " + expected + " expected");
    }

    private static String beginning(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "...";
    }
}
