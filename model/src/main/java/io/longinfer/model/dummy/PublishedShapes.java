package io.longinfer.model.dummy;

import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.huggingface.DecoderDescription;
import io.longinfer.model.json.JsonObject;
import io.longinfer.model.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Shapes by the names under which they are known; their configurations lie beside this class. Stateless. */
public final class PublishedShapes {
    private static final String RESOURCE = "shapes.json";

    private PublishedShapes() {}

    /** The names, in the order of their families. */
    public static Set<String> names() throws IOException {
        return published().keys();
    }

    /**
     * The decoder of that shape.
     *
     * @param nameOrConfig one of {@link #names()}, or the path of a {@code config.json}
     * @throws UnknownShapeException if it is neither
     * @throws ModelFormatException if the file asks for something that is not handled
     */
    public static DecoderDescription describe(String nameOrConfig) throws IOException {
        JsonObject published = published();
        if (published.contains(nameOrConfig)) {
            return DecoderDescription.of(published.object(nameOrConfig));
        }
        if (!nameOrConfig.endsWith(".json") || !Files.isRegularFile(Path.of(nameOrConfig))) {
            throw new UnknownShapeException(nameOrConfig, published.keys());
        }
        return DecoderDescription.of(JsonReader.read(Path.of(nameOrConfig)));
    }

    private static JsonObject published() throws IOException {
        try (InputStream in = PublishedShapes.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException("the resource " + RESOURCE + " is missing from the application");
            }
            return JsonReader.parse(Path.of(RESOURCE), 0, in.readAllBytes());
        }
    }
}
