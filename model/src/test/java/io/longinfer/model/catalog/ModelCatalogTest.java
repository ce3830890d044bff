package io.longinfer.model.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCatalogTest {
    @TempDir
    Path folder;

    @Test
    void theEmbeddedModelIsExtractedOnce() throws IOException {
        Path first = ModelCatalog.resolve("needle", folder);
        assertEquals(folder.resolve("needle/needle-2.6m-Q8_0.gguf"), first);
        assertEquals(2_838_912, Files.size(first));
        FileTime longAgo = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(first, longAgo);
        assertEquals(first, ModelCatalog.resolve("needle", folder));
        assertEquals(longAgo, Files.getLastModifiedTime(first), "the copy was good and must stay");
    }

    @Test
    void aDamagedCopyIsReplaced() throws IOException {
        Path file = ModelCatalog.resolve("needle", folder);
        byte[] good = Files.readAllBytes(file);
        byte[] flipped = good.clone();
        flipped[good.length / 2] ^= 1;
        for (byte[] damaged : List.of(flipped, new byte[0], Arrays.copyOf(good, good.length - 1))) {
            Files.write(file, damaged);
            assertEquals(file, ModelCatalog.resolve("needle", folder));
            assertEquals(-1, Files.mismatch(file, Files.write(folder.resolve("good"), good)));
        }
        try (Stream<Path> files = Files.list(file.getParent())) {
            assertEquals(List.of(file), files.toList(), "nothing temporary is left");
        }
    }

    @Test
    void severalMayExtractAtTheSameTime() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Path>> jobs = List.of(
                    () -> ModelCatalog.resolve("needle", folder),
                    () -> ModelCatalog.resolve("needle", folder),
                    () -> ModelCatalog.resolve("needle", folder),
                    () -> ModelCatalog.resolve("needle", folder));
            for (Future<Path> result : threads.invokeAll(jobs)) {
                assertEquals(2_838_912, Files.size(result.get()));
            }
        }
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the way");
        IOException error = assertThrows(IOException.class, () -> ModelCatalog.resolve("needle", file));
        assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
        assertTrue(error.getMessage().contains("LONGINFER_CACHE"), error.getMessage());
    }

    @Test
    void anAbsentModelSaysHowToGetIt() throws IOException {
        ModelNotFoundException absent =
                assertThrows(ModelNotFoundException.class, () -> ModelCatalog.resolve("smollm2", folder));
        assertTrue(absent.getMessage().contains("scripts/fetch-model.sh smollm2"), absent.getMessage());
        assertEquals("smollm2", absent.model());
        Path file = folder.resolve("smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "cut off");
        ModelNotFoundException damaged =
                assertThrows(ModelNotFoundException.class, () -> ModelCatalog.resolve("smollm2", folder));
        assertTrue(damaged.getMessage().contains("has 7 bytes, expected 98362432"), damaged.getMessage());
    }

    @Test
    void anythingElseIsAPath() throws IOException {
        Path file = Files.writeString(folder.resolve("my.gguf"), "");
        assertEquals(file, ModelCatalog.resolve(file.toString(), folder));
        for (String none : List.of("", folder.resolve("none.gguf").toString(), "neddle", "a\0b")) {
            ModelNotFoundException error =
                    assertThrows(ModelNotFoundException.class, () -> ModelCatalog.resolve(none, folder));
            assertTrue(error.getMessage().contains("'" + none + "'"), error.getMessage());
        }
        ModelNotFoundException directory =
                assertThrows(ModelNotFoundException.class, () -> ModelCatalog.resolve(folder.toString(), folder));
        assertTrue(directory.getMessage().contains("is a directory"), directory.getMessage());
    }

    @Test
    void theCacheDirectoryFollowsTheEnvironment() {
        Path home = Path.of("/home/someone");
        assertEquals(home.resolve(".cache/longinfer"), ModelCatalog.cacheDirectory(Map.of(), home));
        assertEquals(
                Path.of("/caches/longinfer"),
                ModelCatalog.cacheDirectory(Map.of("XDG_CACHE_HOME", "/caches", "LONGINFER_CACHE", ""), home));
        assertEquals(
                home.resolve(".cache/longinfer"),
                ModelCatalog.cacheDirectory(Map.of("XDG_CACHE_HOME", "relative"), home));
        assertEquals(
                Path.of("/models"),
                ModelCatalog.cacheDirectory(Map.of("XDG_CACHE_HOME", "/caches", "LONGINFER_CACHE", "/models"), home));
    }
}
