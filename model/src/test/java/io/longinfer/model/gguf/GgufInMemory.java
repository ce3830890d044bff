package io.longinfer.model.gguf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Opens the bytes of a file that does not exist: tests try many thousands, and mapping is slow. */
public final class GgufInMemory {
    /** What errors name as the file. */
    public static final Path PATH = Path.of("in-memory.gguf");

    private GgufInMemory() {}

    /** As {@link GgufFile#open}; only the calling thread may use and close the result. */
    @SuppressWarnings("MustBeClosedChecker") // the arena is the file's
    public static GgufFile open(byte[] bytes) throws ModelFormatException {
        Arena arena = Arena.ofConfined();
        try {
            // Aligned as a mapping is, and without room behind the last byte.
            return GgufFile.parse(PATH, arena.allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes)), arena);
        } catch (ModelFormatException | RuntimeException | Error failure) {
            arena.close();
            throw failure;
        }
    }
}
