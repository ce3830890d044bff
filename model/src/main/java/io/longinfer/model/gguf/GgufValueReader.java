package io.longinfer.model.gguf;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * Reads metadata values. Integers become {@code Long} ({@code BigInteger} for a u64 that needs it), floats {@code Float} and
 * {@code Double}; arrays become {@code int[]} (8 and 16 bits, i32), {@code long[]} (u32, 64 bits; {@code BigInteger[]} if one
 * needs it), {@code float[]}, {@code double[]}, {@code boolean[]}, {@code String[]}, or {@code Object[]} of arrays.
 */
final class GgufValueReader {
    /** Deeper nesting than anyone has use for; reading it must not exhaust the stack. */
    private static final int MOST_NESTING = 8;

    private final GgufCursor cursor;

    GgufValueReader(GgufCursor cursor) {
        this.cursor = cursor;
    }

    Object read(GgufValueType type, String field) throws ModelFormatException {
        return read(type, field, 0);
    }

    private Object read(GgufValueType type, String field, int depth) throws ModelFormatException {
        return switch (type) {
            case U8, I8, U16, I16, I32 -> (long) readInt(type, field);
            case U32, I64 -> readLong(type, field);
            case U64 -> unsigned(cursor.readLong(field));
            case F32 -> Float.intBitsToFloat(cursor.readInt(field));
            case F64 -> Double.longBitsToDouble(cursor.readLong(field));
            case BOOL -> cursor.readBoolean(field);
            case STRING -> cursor.readString(field, Integer.MAX_VALUE);
            case ARRAY -> readArray(field, depth);
        };
    }

    private int readInt(GgufValueType type, String field) throws ModelFormatException {
        return switch (type) {
            case U8 -> Byte.toUnsignedInt(cursor.readByte(field));
            case I8 -> cursor.readByte(field);
            case U16 -> Short.toUnsignedInt(cursor.readShort(field));
            case I16 -> cursor.readShort(field);
            default -> cursor.readInt(field);
        };
    }

    private long readLong(GgufValueType type, String field) throws ModelFormatException {
        return type == GgufValueType.U32 ? Integer.toUnsignedLong(cursor.readInt(field)) : cursor.readLong(field);
    }

    private static Number unsigned(long bits) {
        if (bits >= 0) {
            return bits;
        }
        return new BigInteger(Long.toUnsignedString(bits));
    }

    private Object readArray(String field, int depth) throws ModelFormatException {
        if (depth == MOST_NESTING) {
            throw cursor.error(
                    cursor.position(), field, "nested more deeply", "arrays nested at most " + MOST_NESTING + " deep");
        }
        GgufValueType type = GgufValueType.read(cursor, field + " (element type)");
        int count = cursor.readArrayCount(field + " (array length)", type.bytes());
        return switch (type) {
            case U8, I8, U16, I16, I32 -> {
                int[] values = new int[count];
                for (int i = 0; i < count; i++) {
                    values[i] = readInt(type, field);
                }
                yield values;
            }
            case U32, U64, I64 -> {
                long[] values = new long[count];
                for (int i = 0; i < count; i++) {
                    values[i] = readLong(type, field);
                }
                yield type == GgufValueType.U64 ? unsigned(values) : values;
            }
            case F32 -> {
                float[] values = new float[count];
                for (int i = 0; i < count; i++) {
                    values[i] = Float.intBitsToFloat(cursor.readInt(field));
                }
                yield values;
            }
            case F64 -> {
                double[] values = new double[count];
                for (int i = 0; i < count; i++) {
                    values[i] = Double.longBitsToDouble(cursor.readLong(field));
                }
                yield values;
            }
            case BOOL -> {
                boolean[] values = new boolean[count];
                for (int i = 0; i < count; i++) {
                    values[i] = cursor.readBoolean(field);
                }
                yield values;
            }
            case STRING -> {
                String[] values = new String[count];
                for (int i = 0; i < count; i++) {
                    values[i] = cursor.readString(field, Integer.MAX_VALUE);
                }
                yield values;
            }
            case ARRAY -> {
                Object[] values = new Object[count];
                for (int i = 0; i < count; i++) {
                    values[i] = readArray(field, depth + 1);
                }
                yield values;
            }
        };
    }

    private static Object unsigned(long[] bits) {
        if (Arrays.stream(bits).allMatch(value -> value >= 0)) {
            return bits;
        }
        return Arrays.stream(bits)
                .mapToObj(value -> new BigInteger(Long.toUnsignedString(value)))
                .toArray(BigInteger[]::new);
    }
}
