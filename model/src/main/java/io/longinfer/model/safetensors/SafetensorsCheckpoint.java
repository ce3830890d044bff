package io.longinfer.model.safetensors;

import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import io.longinfer.model.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights in a model's directory: {@code model.safetensors}, or the shards that {@code model.safetensors.index.json} names.
 * Owns the files' mappings. Immutable and safe for any thread.
 */
public final class SafetensorsCheckpoint implements AutoCloseable {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final String MAP = "weight_map";

    private final List<SafetensorsFile> files = new ArrayList<>();
    private final Map<String, SafetensorsTensor> tensors = new LinkedHashMap<>();

    private SafetensorsCheckpoint() {}

    /**
     * Maps and checks the files of a directory.
     *
     * @throws ModelFormatException if a file is damaged, or index and shards contradict each other
     * @throws IOException if there are none, or they cannot be read
     */
    public static SafetensorsCheckpoint open(Path directory) throws IOException {
        SafetensorsCheckpoint checkpoint = new SafetensorsCheckpoint();
        try {
            if (Files.exists(directory.resolve(INDEX))) {
                checkpoint.readShards(directory, JsonReader.read(directory.resolve(INDEX)));
            } else if (Files.exists(directory.resolve(SINGLE))) {
                checkpoint.tensors.putAll(
                        checkpoint.openFile(directory.resolve(SINGLE)).tensors());
            } else {
                throw new NoSuchFileException(
                        directory.toString(), null, "neither " + SINGLE + " nor " + INDEX + " in this directory");
            }
            return checkpoint;
        } catch (IOException | RuntimeException | Error failure) {
            checkpoint.close();
            throw failure;
        }
    }

    private SafetensorsFile openFile(Path path) throws IOException {
        SafetensorsFile file = SafetensorsFile.open(path);
        files.add(file);
        return file;
    }

    private void readShards(Path directory, JsonObject index) throws IOException {
        JsonObject map = index.object(MAP);
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        for (String tensor : map.keys()) {
            String name = map.string(tensor);
            // The index is not to be trusted with paths out of the directory.
            if (name.isEmpty() || name.contains("/") || name.contains("\\") || name.contains("..")) {
                throw map.error(tensor, "'" + name + "'", "the name of a file in the same directory");
            }
            if (!shards.containsKey(name)) {
                shards.put(name, openShard(directory, name, map, tensor));
            }
            SafetensorsTensor found = shards.get(name).tensors().get(tensor);
            if (found == null) {
                throw map.error(tensor, "'" + name + "'", "a shard that holds this tensor");
            }
            tensors.put(tensor, found);
        }
        for (Map.Entry<String, SafetensorsFile> shard : shards.entrySet()) {
            for (String tensor : shard.getValue().tensors().keySet()) {
                if (!map.contains(tensor) || !map.string(tensor).equals(shard.getKey())) {
                    throw map.error(
                            tensor, "another shard or none", "'" + shard.getKey() + "', which holds this tensor");
                }
            }
        }
    }

    private SafetensorsFile openShard(Path directory, String name, JsonObject map, String tensor) throws IOException {
        Path path;
        try {
            path = directory.resolve(name);
        } catch (InvalidPathException invalid) {
            throw map.error(tensor, "'" + name + "'", "the name of a file");
        }
        if (!Files.isRegularFile(path)) {
            throw map.error(tensor, "'" + name + "'", "a shard that is in the directory; is the download complete?");
        }
        return openFile(path);
    }

    /** The tensors by name. */
    public Map<String, SafetensorsTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
