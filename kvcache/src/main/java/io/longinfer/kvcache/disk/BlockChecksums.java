package io.longinfer.kvcache.disk;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The CRC32C of every block written, kept in memory. Different blocks may be used by several threads; one block's checksum is
 * handed from its writer to its readers by the writer's monitor.
 */
final class BlockChecksums {
    private final DiskGeometry geometry;
    private final int[] checksums;

    BlockChecksums(DiskGeometry geometry) {
        this.geometry = geometry;
        checksums = new int[geometry.blocks()];
    }

    /** Notes the checksum of a block at {@code at} of the buffer, whose position and limit change. */
    void note(int block, CRC32C crc, ByteBuffer buffer, int at) {
        checksums[block] = of(crc, buffer, at);
    }

    /**
     * Compares a block at {@code at} of the buffer, whose position and limit change.
     *
     * @throws DiskCorruptionException if it is not what was written
     */
    void verify(int block, CRC32C crc, ByteBuffer buffer, int at, Path file) {
        int found = of(crc, buffer, at);
        if (found != checksums[block]) {
            throw new DiskCorruptionException(
                    file,
                    geometry.offset(block),
                    "CRC32C of " + geometry.describe(block),
                    Integer.toHexString(checksums[block]),
                    Integer.toHexString(found));
        }
    }

    private int of(CRC32C crc, ByteBuffer buffer, int at) {
        buffer.limit(at + geometry.blockBytes()).position(at);
        crc.reset();
        crc.update(buffer);
        return (int) crc.getValue();
    }
}
