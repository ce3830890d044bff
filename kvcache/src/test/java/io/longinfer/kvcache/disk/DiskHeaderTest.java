package io.longinfer.kvcache.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DiskHeaderTest {
    private static final DiskGeometry GEOMETRY = new DiskGeometry(5, 2, 512, 32, 2560, 4096, 512);
    private static final Path FILE = Path.of("some.kv");

    private static ByteBuffer encoded() {
        ByteBuffer header = ByteBuffer.allocate(DiskHeader.BYTES);
        DiskHeader.encode(GEOMETRY, header);
        return header.flip();
    }

    @Test
    void comesBack() {
        assertEquals(GEOMETRY, DiskHeader.decode(encoded(), FILE));
    }

    @Test
    void truncationAtEveryLengthIsFound() {
        for (int length = 0; length < DiskHeader.BYTES; length++) {
            ByteBuffer cut = encoded().limit(length);
            DiskCorruptionException error =
                    assertThrows(DiskCorruptionException.class, () -> DiskHeader.decode(cut, FILE));
            assertEquals(length + " bytes", error.found());
            assertEquals("some.kv", error.file());
        }
    }

    @Test
    void anyFlippedBitIsFound() {
        for (int bit = 0; bit < 8 * DiskHeader.BYTES; bit++) {
            ByteBuffer header = encoded();
            header.put(bit / 8, (byte) (header.get(bit / 8) ^ 1 << bit % 8));
            DiskCorruptionException error =
                    assertThrows(DiskCorruptionException.class, () -> DiskHeader.decode(header, FILE), "bit " + bit);
            assertTrue(error.getMessage().startsWith("some.kv, offset "), error.getMessage());
        }
    }
}
