package io.longinfer.model.gguf;

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
 * An open GGUF file (version 2 or 3, little-endian), mapped into memory: metadata on the heap, tensors in place. Owns the
 * mapping; the data of its tensors must not be used after {@link #close}, which throws. Immutable and safe for any thread.
 */
public final class GgufFile implements AutoCloseable {
    private final Arena arena;
    private final Path path;
    private final long sizeBytes;
    private final GgufParser.Contents contents;

    private GgufFile(Arena arena, Path path, long sizeBytes, GgufParser.Contents contents) {
        this.arena = arena;
        this.path = path;
        this.sizeBytes = sizeBytes;
        this.contents = contents;
    }

    /**
     * Maps and checks a file. Everything but the values of the tensors has been checked when it returns.
     *
     * @throws ModelFormatException if the file is damaged, or of a kind that is not supported
     * @throws IOException if it cannot be read
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena is the file's, closed by close()
    public static GgufFile open(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString(), null, "no such GGUF file");
        }
        if (!Files.isRegularFile(path)) {
            throw new ModelFormatException(
                    path, ModelFormatException.NO_OFFSET, "the path", "a directory or device", "a GGUF file");
        }
        // Shared, because the threads of a worker pool all read the weights.
        Arena arena = Arena.ofShared();
        try {
            MemorySegment memory = map(path, arena);
            GgufParser.Contents contents = new GgufParser(new GgufCursor(path, memory)).parse();
            return new GgufFile(arena, path, memory.byteSize(), contents);
        } catch (IOException | RuntimeException | Error failure) {
            arena.close();
            throw failure;
        }
    }

    private static MemorySegment map(Path path, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    /** Where it lies. */
    public Path path() {
        return path;
    }

    /** The format's version, 2 or 3. */
    public int version() {
        return contents.version();
    }

    /** What the file says about its model. */
    public GgufMetadata metadata() {
        return contents.metadata();
    }

    /** The tensors by name, in the file's order. */
    public Map<String, GgufTensor> tensors() {
        return Collections.unmodifiableMap(contents.tensors());
    }

    /** Bytes of the whole file. */
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
