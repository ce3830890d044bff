package io.longinfer.model.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longinfer.model.gguf.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single files and shards. */
class SafetensorsCheckpointTest {
    private static void shard(Path directory, String name, String... tensors) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        for (String tensor : tensors) {
            writer.tensor(tensor, new float[] {1}, 1);
        }
        Files.write(directory.resolve(name), writer.toBytes());
    }

    private static void index(Path directory, String map) throws IOException {
        Files.writeString(
                directory.resolve("model.safetensors.index.json"),
                "{\"metadata\":{\"total_size\":8},\"weight_map\":" + map + "}");
    }

    @Test
    void readsASingleFile(@TempDir Path directory) throws IOException {
        assertThrows(NoSuchFileException.class, () -> SafetensorsCheckpoint.open(directory));
        shard(directory, "model.safetensors", "a", "b");
        try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(directory)) {
            assertEquals(Set.of("a", "b"), checkpoint.tensors().keySet());
        }
    }

    @Test
    void readsShards(@TempDir Path directory) throws IOException {
        shard(directory, "s1.safetensors", "a");
        shard(directory, "s2.safetensors", "b", "c");
        index(directory, "{\"c\":\"s2.safetensors\",\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}");
        try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(directory)) {
            assertEquals(Set.of("a", "b", "c"), checkpoint.tensors().keySet());
            assertEquals(
                    "s2.safetensors",
                    checkpoint.tensors().get("c").file().getFileName().toString());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":\"s1.safetensors\",\"b\":\"none.safetensors\"}",
                "{\"a\":\"s1.safetensors\",\"b\":\"../s1.safetensors\"}",
                "{\"a\":\"s1.safetensors\",\"b\":\"/etc/passwd\"}",
                "{\"a\":\"s1.safetensors\",\"b\":\"s1.safetensors\"}",
                "{\"a\":\"s1.safetensors\",\"b\":\"\"}",
                "{\"a\":\"s1.safetensors\",\"b\":7}",
                "{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}",
                "{\"a\":\"s1.safetensors\",\"b\":\"s\\u0000\"}",
                "[]"
            })
    void refusesAnIndexThatContradictsItsShards(String map, @TempDir Path directory) throws IOException {
        shard(directory, "s1.safetensors", "a");
        shard(directory, "s2.safetensors", "b", "not-listed");
        index(directory, map);
        assertThrows(
                ModelFormatException.class,
                () -> SafetensorsCheckpoint.open(directory).close());
    }
}
