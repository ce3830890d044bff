package io.longinfer.model.gguf;

/** The types of metadata values, in the order of their numbers in a file; {@code bytes} is the least that one takes. */
enum GgufValueType {
    U8(1),
    I8(1),
    U16(2),
    I16(2),
    U32(4),
    I32(4),
    F32(4),
    BOOL(1),
    STRING(8),
    ARRAY(12),
    U64(8),
    I64(8),
    F64(8);

    private static final GgufValueType[] VALUES = values();

    private final int bytes;

    GgufValueType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of a value: exact for numbers, the least possible for texts and arrays. */
    int bytes() {
        return bytes;
    }

    static GgufValueType read(GgufCursor cursor, String field) throws ModelFormatException {
        long start = cursor.position();
        int id = cursor.readInt(field);
        if (id < 0 || id >= VALUES.length) {
            throw cursor.error(
                    start, field, Integer.toUnsignedString(id), "a value type from 0 to " + (VALUES.length - 1));
        }
        return VALUES[id];
    }
}
