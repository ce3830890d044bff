package io.longinfer.kvcache.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawFileTest {
    @TempDir
    Path directory;

    private final byte[] content = new byte[3000];

    private void roundTrip(RawFile file) throws IOException {
        new Random(1).nextBytes(content);
        try (file;
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(4096);
            MemorySegment.copy(content, 0, buffer, ValueLayout.JAVA_BYTE, 7, content.length);
            assertEquals(3000, file.write(buffer, 7, 3000, 100));
            assertEquals(3100, file.size());
            buffer.fill((byte) 0);
            assertEquals(3000, file.read(buffer, 5, 4091, 100));
            assertArrayEquals(content, buffer.asSlice(5, 3000).toArray(ValueLayout.JAVA_BYTE));
            assertTrue(file.read(buffer, 0, 1, 3100) <= 0);
            assertThrows(IndexOutOfBoundsException.class, () -> file.read(buffer, 4000, 97, 0));
        }
    }

    @Test
    void aChannelWritesAndReads() throws IOException {
        roundTrip(ChannelFile.open(Files.createTempFile(directory, "a", ".kv"), false));
    }

    @Test
    void aDescriptorWritesAndReads() throws IOException {
        assumeTrue(LinuxCalls.available(), "not a Linux whose calls are known");
        roundTrip(LinuxFile.open(Files.createTempFile(directory, "a", ".kv"), false));
    }

    @Test
    void aFailedCallSaysWhy() {
        assumeTrue(LinuxCalls.available(), "not a Linux whose calls are known");
        IOException error = assertThrows(IOException.class, () -> LinuxFile.open(directory.resolve("absent"), false));
        assertEquals("open: No such file or directory", error.getMessage());
    }
}
