package io.longinfer.model.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Finds a model's file by name or path. Known names are {@code needle}, which ships with the application, and {@code smollm2},
 * which {@code scripts/fetch-model.sh} fetches. Stateless; threads and processes may resolve at the same time.
 */
public final class ModelCatalog {
    /** The model that ships with the application; its card lies beside it among the resources. */
    static final EmbeddedModel NEEDLE = new EmbeddedModel(
            "needle/needle-2.6m-Q8_0.gguf",
            "needle-2.6m-Q8_0.gguf",
            2_838_912,
            "2f2f29246e3bfefca7652f2f7628e88f6f84f80d60f7946835feece5e2940e90");

    private static final String SMOLLM2_FILE = "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
    private static final long SMOLLM2_BYTES = 98_362_432;
    private static final String CACHE_VARIABLE = "LONGINFER_CACHE";

    private ModelCatalog() {}

    /**
     * The file of a model.
     *
     * @param nameOrPath {@code needle}, {@code smollm2}, or the path of a GGUF file or a checkpoint's directory
     * @throws ModelNotFoundException if there is none
     * @throws IOException if the embedded model cannot be put into the cache directory
     */
    public static Path resolve(String nameOrPath) throws IOException {
        return resolve(nameOrPath, cacheDirectory());
    }

    static Path resolve(String nameOrPath, Path cache) throws IOException {
        return switch (nameOrPath) {
            case "needle" -> needle(cache);
            case "smollm2" -> smollm2(cache);
            default -> path(nameOrPath);
        };
    }

    /**
     * Where models are kept: {@code LONGINFER_CACHE}, else {@code longinfer} under {@code XDG_CACHE_HOME}, else {@code
     * ~/.cache/longinfer}.
     */
    public static Path cacheDirectory() {
        return cacheDirectory(System.getenv(), Path.of(System.getProperty("user.home")));
    }

    static Path cacheDirectory(Map<String, String> environment, Path home) {
        String own = environment.getOrDefault(CACHE_VARIABLE, "");
        if (!own.isEmpty()) {
            return Path.of(own).toAbsolutePath();
        }
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        // The XDG specification says to ignore a relative path.
        Path caches = !xdg.isEmpty() && Path.of(xdg).isAbsolute() ? Path.of(xdg) : home.resolve(".cache");
        return caches.resolve("longinfer");
    }

    private static Path needle(Path cache) throws IOException {
        try {
            return NEEDLE.extract(cache);
        } catch (IOException failure) {
            throw new IOException(
                    "the embedded model cannot be put into the cache directory " + cache + " (" + failure + "); set "
                            + CACHE_VARIABLE + " to a directory that can be written",
                    failure);
        }
    }

    private static Path smollm2(Path cache) throws IOException {
        Path file = cache.resolve(SMOLLM2_FILE);
        if (!Files.isRegularFile(file)) {
            throw new ModelNotFoundException(
                    "smollm2",
                    "smollm2 is not in the cache (" + file + "): run scripts/fetch-model.sh smollm2, or name a GGUF"
                            + " file of your own by its path");
        }
        long size = Files.size(file);
        if (size != SMOLLM2_BYTES) {
            throw new ModelNotFoundException(
                    "smollm2",
                    file + " has " + size + " bytes, expected " + SMOLLM2_BYTES
                            + ": delete it and run scripts/fetch-model.sh smollm2 again");
        }
        return file;
    }

    private static Path path(String given) throws IOException {
        Path path;
        try {
            path = Path.of(given);
        } catch (InvalidPathException invalid) {
            throw new ModelNotFoundException(given, "'" + given + "' is no path: " + invalid.getReason());
        }
        if (given.isEmpty() || !Files.exists(path)) {
            throw new ModelNotFoundException(
                    given,
                    "there is no model '" + given + "': give the path of a GGUF file or a checkpoint's directory,"
                            + " or one of the names needle, smollm2");
        }
        if (Files.isDirectory(path) && !Files.exists(path.resolve("config.json"))) {
            throw new ModelNotFoundException(
                    given,
                    path + " is a directory without config.json: give the path of a GGUF file in it, or of a directory"
                            + " with config.json, tokenizer.json and safetensors");
        }
        return path;
    }
}
