package io.longinfer.kvcache.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchFileTest {
    private static final int SECTORS = 5;

    @TempDir
    Path directory;

    @Test
    void readsWhatWasWrittenUntilItIsCut() throws IOException {
        for (DirectIo mode : new DirectIo[] {DirectIo.AUTO, DirectIo.OFF}) {
            try (ScratchFile file = ScratchFile.create(directory, "test", mode, 1);
                    Arena arena = Arena.ofConfined()) {
                int sector = file.alignmentBytes();
                byte[] bytes = new byte[SECTORS * sector];
                new Random(7).nextBytes(bytes);
                MemorySegment memory = arena.allocate(bytes.length, sector);
                memory.copyFrom(MemorySegment.ofArray(bytes));
                file.write(memory, 0, bytes.length, sector, "all");
                memory.fill((byte) 0);
                file.read(memory, 0, bytes.length, sector, "all");
                assertArrayEquals(bytes, memory.toArray(ValueLayout.JAVA_BYTE));
                for (int length = bytes.length + sector - 1; length >= 0; length -= 97) {
                    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
                        channel.truncate(length);
                    }
                    DiskCorruptionException cut = assertThrows(
                            DiskCorruptionException.class,
                            () -> file.read(memory, 0, bytes.length, sector, "the matrix"));
                    assertTrue(cut.getMessage().contains("the matrix"), cut.getMessage());
                    assertTrue(cut.offset() <= Math.max(length, sector), cut.getMessage());
                }
            }
        }
    }

    @Test
    void isDeletedOnCloseAndClosedTwice() {
        ScratchFile file = ScratchFile.create(directory, "test", DirectIo.AUTO, 1);
        assertTrue(Files.exists(file.path()));
        file.close();
        file.close();
        assertFalse(Files.exists(file.path()));
    }

    @Test
    void saysWhenThereIsNoRoom() {
        DiskException refused = assertThrows(
                DiskException.class, () -> ScratchFile.create(directory, "test", DirectIo.AUTO, Long.MAX_VALUE));
        assertTrue(refused.getMessage().contains("--disk-dir"), refused.getMessage());
        assertEquals(directory.toString(), refused.file());
    }
}
