package io.longinfer.model.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.longinfer.model.gguf.ModelFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON of unknown origin: UTF-8, nothing behind the value, no name twice in an object, nesting bounded. Whatever is
 * wrong is a {@link ModelFormatException}. Stateless.
 */
public final class JsonReader {
    /** Far above any tokenizer.json; below what a Java array holds. */
    private static final long MOST_BYTES = 1L << 28;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonReader() {}

    /**
     * The object that a file holds.
     *
     * @throws ModelFormatException if it holds anything else
     * @throws IOException if the file cannot be read
     */
    public static JsonObject read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MOST_BYTES) {
            throw error(file, ModelFormatException.NO_OFFSET, size + " bytes", "at most " + MOST_BYTES + " bytes");
        }
        return parse(file, 0, Files.readAllBytes(file));
    }

    /**
     * The object that {@code bytes} are, found in {@code file} from byte {@code offset} on.
     *
     * @throws ModelFormatException if they are no JSON object
     */
    public static JsonObject parse(Path file, long offset, byte[] bytes) throws ModelFormatException {
        try (JsonParser parser = FACTORY.createParser(text(file, offset, bytes))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw error(file, offset, "no object", "a JSON object");
            }
            Map<String, Object> values = object(parser);
            if (parser.nextToken() != null) {
                throw error(file, offset, "followed by more", "one JSON object alone");
            }
            return new JsonObject(file, "", values);
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            String where = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw error(file, offset, e.getOriginalMessage() + where, "well-formed JSON");
        } catch (ModelFormatException e) {
            throw e;
        } catch (IOException e) {
            throw error(file, offset, e.toString(), "well-formed JSON");
        }
    }

    /** Decoded here, as the parser would guess at UTF-16 and UTF-32 too. */
    private static String text(Path file, long offset, byte[] bytes) throws ModelFormatException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw error(file, offset, "no UTF-8", "JSON in UTF-8");
        }
    }

    private static Object value(JsonParser parser, JsonToken token) throws IOException {
        return switch (token) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> integer(parser);
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> JsonObject.NULL;
        };
    }

    /** Beyond 64 bits an integer is a number like any other, and no accessor for integers takes it. */
    private static Object integer(JsonParser parser) throws IOException {
        return parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                ? (Object) parser.getDoubleValue()
                : (Object) parser.getLongValue();
    }

    private static Map<String, Object> object(JsonParser parser) throws IOException {
        Map<String, Object> values = new LinkedHashMap<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_OBJECT; token = parser.nextToken()) {
            String name = parser.currentName();
            values.put(name, value(parser, parser.nextToken()));
        }
        return Collections.unmodifiableMap(values);
    }

    private static List<Object> array(JsonParser parser) throws IOException {
        List<Object> values = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            values.add(value(parser, token));
        }
        return Collections.unmodifiableList(values);
    }

    private static ModelFormatException error(Path file, long offset, Object value, String expectation) {
        return new ModelFormatException(file, offset, "the JSON", value, expectation);
    }
}
