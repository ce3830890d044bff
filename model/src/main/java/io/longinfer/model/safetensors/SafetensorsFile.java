package io.longinfer.model.safetensors;

import io.longinfer.model.gguf.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;

/**
 * An open safetensors file, mapped into memory. Owns the mapping; the data of its tensors must not be used after {@link
 * #close}, which throws. Immutable and safe for any thread.
 */
public final class SafetensorsFile implements AutoCloseable {
    private final Arena arena;
    private final Path path;
    private final Map<String, SafetensorsTensor> tensors;

    private SafetensorsFile(Arena arena, Path path, Map<String, SafetensorsTensor> tensors) {
        this.arena = arena;
        this.path = path;
        this.tensors = tensors;
    }

    /**
     * Maps and checks a file. Everything but the values of the tensors has been checked when it returns.
     *
     * @throws ModelFormatException if the file is damaged, or holds tensors of a type that is not handled
     * @throws IOException if it cannot be read
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena is the file's, closed by close()
    public static SafetensorsFile open(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString(), null, "no such safetensors file");
        }
        // Shared, because the threads of a worker pool all read the weights.
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new SafetensorsFile(arena, path, new SafetensorsParser(path, memory).parse());
        } catch (IOException | RuntimeException | Error failure) {
            arena.close();
            throw failure;
        }
    }

    /** Where it lies. */
    public Path path() {
        return path;
    }

    /** The tensors by name, in the file's order. */
    public Map<String, SafetensorsTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
