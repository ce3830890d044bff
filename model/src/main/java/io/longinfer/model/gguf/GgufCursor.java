package io.longinfer.model.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads little-endian values one after the other and never beyond the file's end. Not thread-safe. */
final class GgufCursor {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final MemorySegment memory;
    private long position;

    GgufCursor(Path path, MemorySegment memory) {
        this.path = path;
        this.memory = memory;
    }

    Path path() {
        return path;
    }

    /** Bytes of the file. */
    long size() {
        return memory.byteSize();
    }

    long position() {
        return position;
    }

    long remaining() {
        return memory.byteSize() - position;
    }

    MemorySegment slice(long offset, long bytes) {
        return memory.asSlice(offset, bytes);
    }

    /** Moves over the next {@code bytes} and returns where they begin. */
    private long take(long bytes, String field) throws ModelFormatException {
        if (bytes > remaining()) {
            throw error(position, field, "cut off", bytes + " more bytes, but the file ends after " + remaining());
        }
        long start = position;
        position += bytes;
        return start;
    }

    byte readByte(String field) throws ModelFormatException {
        return memory.get(ValueLayout.JAVA_BYTE, take(Byte.BYTES, field));
    }

    short readShort(String field) throws ModelFormatException {
        return memory.get(SHORT, take(Short.BYTES, field));
    }

    int readInt(String field) throws ModelFormatException {
        return memory.get(INT, take(Integer.BYTES, field));
    }

    long readLong(String field) throws ModelFormatException {
        return memory.get(LONG, take(Long.BYTES, field));
    }

    boolean readBoolean(String field) throws ModelFormatException {
        byte value = readByte(field);
        if (value != 0 && value != 1) {
            throw error(position - 1, field, Byte.toUnsignedInt(value), "0 or 1 for a boolean");
        }
        return value == 1;
    }

    /**
     * Reads an unsigned 64-bit number of things that take at least {@code leastBytes} each in the rest of the file.
     */
    long readCount(String field, long leastBytes) throws ModelFormatException {
        long start = position;
        long count = readLong(field);
        long most = remaining() / leastBytes;
        if (Long.compareUnsigned(count, most) > 0) {
            throw error(
                    start,
                    field,
                    Long.toUnsignedString(count),
                    "at most " + most + ", for which the remaining " + remaining() + " bytes would suffice");
        }
        return count;
    }

    /** Reads a count like {@link #readCount} of things that go into one Java array. */
    int readArrayCount(String field, long leastBytes) throws ModelFormatException {
        long start = position;
        long count = readCount(field, leastBytes);
        if (count > Integer.MAX_VALUE - 8) {
            throw error(start, field, count, "fewer than 2^31 - 8 elements in an array");
        }
        return (int) count;
    }

    /** Reads a length and that many bytes of UTF-8, at most {@code mostBytes}. */
    String readString(String field, int mostBytes) throws ModelFormatException {
        long start = position;
        int length = readArrayCount(field, 1);
        if (length > mostBytes) {
            throw error(start, field, "a text of " + length + " bytes", "at most " + mostBytes + " bytes");
        }
        byte[] bytes = new byte[length];
        long offset = take(length, field);
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, 0, length);
        String text = new String(bytes, StandardCharsets.UTF_8);
        // The quick decoder puts U+FFFD where the bytes are wrong, but U+FFFD may also be meant.
        if (text.indexOf('\uFFFD') >= 0 && !isUtf8(bytes)) {
            throw error(offset, field, "'" + text + "'", "UTF-8");
        }
        return text;
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException invalid) {
            return false;
        }
    }

    ModelFormatException error(long offset, String field, Object value, String expectation) {
        return new ModelFormatException(path, offset, field, value, expectation);
    }
}
