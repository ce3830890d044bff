package io.longinfer.kvcache.disk;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * What was written to each block: the lengths of its record and of the prefix that can be read alone, and the CRC32C of the
 * prefix and of the rest. Kept in memory. Different blocks may be used by several threads; one block's entry is handed from
 * its writer to its readers by the writer's monitor.
 */
final class RecordTable {
    private final DiskGeometry geometry;
    private final int[] lengths;
    private final int[] prefixLengths;

    /** {@code [blocks][2]}: prefix, rest. */
    private final int[] checksums;

    RecordTable(DiskGeometry geometry) {
        this.geometry = geometry;
        lengths = new int[geometry.blocks()];
        prefixLengths = new int[geometry.blocks()];
        checksums = new int[Math.multiplyExact(2, geometry.blocks())];
    }

    /** Notes the lengths of a record. */
    void note(int block, int prefixLength, int length) {
        if (length <= 0 || length > geometry.mostBytes(block) || prefixLength < 0 || prefixLength > length) {
            throw new IllegalArgumentException(geometry.describe(block) + " has up to " + geometry.mostBytes(block)
                    + " bytes, not a prefix of " + prefixLength + " in a record of " + length);
        }
        lengths[block] = length;
        prefixLengths[block] = prefixLength;
    }

    int length(int block) {
        return lengths[block];
    }

    int prefixLength(int block) {
        return prefixLengths[block];
    }

    /** Notes the checksums of a record at {@code at} of the buffer, whose position and limit change. */
    void noteChecksums(int block, CRC32C crc, ByteBuffer buffer, int at) {
        int prefix = prefixLengths[block];
        checksums[2 * block] = of(crc, buffer, at, prefix);
        checksums[2 * block + 1] = of(crc, buffer, at + prefix, lengths[block] - prefix);
    }

    /**
     * Compares a record, or its prefix alone, at {@code at} of the buffer, whose position and limit change.
     *
     * @throws DiskCorruptionException if it is not what was written
     */
    void verify(int block, boolean prefixOnly, CRC32C crc, ByteBuffer buffer, int at, Path file) {
        int prefix = prefixLengths[block];
        compare(block, 0, of(crc, buffer, at, prefix), file);
        if (!prefixOnly && prefix < lengths[block]) {
            compare(block, 1, of(crc, buffer, at + prefix, lengths[block] - prefix), file);
        }
    }

    private void compare(int block, int part, int found, Path file) {
        int expected = checksums[2 * block + part];
        if (found != expected) {
            throw new DiskCorruptionException(
                    file,
                    geometry.offset(block) + (part == 0 ? 0 : prefixLengths[block]),
                    "CRC32C of " + (part == 0 ? "" : "the rest of ") + geometry.describe(block),
                    Integer.toHexString(expected),
                    Integer.toHexString(found));
        }
    }

    private static int of(CRC32C crc, ByteBuffer buffer, int at, int length) {
        buffer.limit(at + length).position(at);
        crc.reset();
        crc.update(buffer);
        return (int) crc.getValue();
    }
}
