package io.longinfer.kvcache.disk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The head of a file: what it is and how it is laid out.
 *
 * <pre>
 * 0   magic "LINFERKV"      8   version           12  layers       16  kvHeads      20  chunksPerHead
 * 24  groupsPerHead         28  recordBytes       32  groupBytes   36  alignment    40  CRC32C of bytes 0 to 39
 * </pre>
 *
 * <p>Little-endian; the rest of the {@link #BYTES} is zero.
 */
public final class DiskHeader {
    /** Bytes of a header. */
    public static final int BYTES = 512;

    private static final byte[] MAGIC = "LINFERKV".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 2;
    private static final int CHECKSUM_AT = 40;

    private DiskHeader() {}

    /** Writes a header at the buffer's position, which moves behind it. */
    public static void encode(DiskGeometry geometry, ByteBuffer target) {
        ByteBuffer header = target.slice(target.position(), BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC)
                .putInt(VERSION)
                .putInt(geometry.layers())
                .putInt(geometry.kvHeads())
                .putInt(geometry.chunksPerHead())
                .putInt(geometry.groupsPerHead())
                .putInt(geometry.recordBytes())
                .putInt(geometry.groupBytes())
                .putInt(geometry.alignmentBytes());
        header.putInt(checksum(header));
        while (header.hasRemaining()) {
            header.put((byte) 0);
        }
        target.position(target.position() + BYTES);
    }

    /**
     * Reads a header from the buffer's position.
     *
     * @param file named in messages
     * @throws DiskCorruptionException if it is too short, of another kind or version, or damaged
     */
    public static DiskGeometry decode(ByteBuffer source, Path file) {
        if (source.remaining() < BYTES) {
            throw new DiskCorruptionException(file, 0, "header", BYTES + " bytes", source.remaining() + " bytes");
        }
        ByteBuffer header = source.slice(source.position(), BYTES).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[MAGIC.length];
        header.get(magic);
        if (!java.util.Arrays.equals(magic, MAGIC)) {
            throw new DiskCorruptionException(file, 0, "magic", hex(MAGIC), hex(magic));
        }
        int version = header.getInt();
        if (version != VERSION) {
            throw new DiskCorruptionException(file, 8, "version", "" + VERSION, "" + version);
        }
        int expected = header.getInt(CHECKSUM_AT);
        int found = checksum(header);
        if (found != expected) {
            throw new DiskCorruptionException(
                    file, 0, "header checksum", Integer.toHexString(expected), Integer.toHexString(found));
        }
        for (int at = CHECKSUM_AT + Integer.BYTES; at < BYTES; at++) {
            if (header.get(at) != 0) {
                throw new DiskCorruptionException(file, at, "header padding", "0", "" + header.get(at));
            }
        }
        try {
            return new DiskGeometry(
                    header.getInt(),
                    header.getInt(),
                    header.getInt(),
                    header.getInt(),
                    header.getInt(),
                    header.getInt(),
                    header.getInt());
        } catch (IllegalArgumentException e) {
            throw new DiskCorruptionException(file, 12, "geometry", "a valid one", e.getMessage());
        }
    }

    private static int checksum(ByteBuffer header) {
        CRC32C crc = new CRC32C();
        crc.update(header.duplicate().position(0).limit(CHECKSUM_AT));
        return (int) crc.getValue();
    }

    private static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }
}
