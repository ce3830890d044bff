package io.longinfer.model.gguf;

import io.longinfer.kernels.quantization.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Composes small GGUF files for tests, wrong ones too: nothing is checked. Metadata are typed by the Java value ({@code
 * Byte} i8, {@code Short} i16, {@code Integer} i32, {@code Long} u32, {@code Float}, {@code Double}, {@code Boolean}, {@code
 * String}, {@code int[]} i32, {@code float[]}, {@code String[]}, ...); {@link #raw} writes any other type.
 */
public final class GgufWriter {
    @SuppressWarnings("ArrayRecordComponent") // written out, never compared
    private record Tensor(String name, int type, long[] dimensions, byte[] data, long offset) {}

    private final List<byte[]> metadata = new ArrayList<>();
    private final List<Tensor> tensors = new ArrayList<>();
    private int version = 3;
    private int alignment = 32;
    private long nextOffset;

    /** Another version than 3. */
    public GgufWriter version(int number) {
        version = number;
        return this;
    }

    /** Sets and states the alignment; call it before the first tensor. */
    public GgufWriter alignment(int bytes) {
        alignment = bytes;
        return put("general.alignment", (long) bytes);
    }

    /** Adds a metadata entry. */
    public GgufWriter put(String key, Object value) {
        return raw(key, valueType(value), bytes(value));
    }

    /** Adds a metadata entry of any type number with any bytes. */
    public GgufWriter raw(String key, int valueType, byte[] value) {
        metadata.add(concat(bytes(key), u32(valueType), value));
        return this;
    }

    /** Adds a tensor in its own format, laid behind the one before. */
    public GgufWriter tensor(String name, TensorType type, byte[] data, long... dimensions) {
        nextOffset = Math.ceilDiv(nextOffset, alignment) * (long) alignment;
        rawTensor(name, type.id(), dimensions, nextOffset, data);
        nextOffset += data.length;
        return this;
    }

    /** Adds a tensor of F32. */
    public GgufWriter tensor(String name, float[] values, long... dimensions) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return tensor(name, TensorType.F32, buffer.array(), dimensions);
    }

    /** Adds an entry of any kind to the table of tensors; the data are put at {@code offset} if that is sensible. */
    public GgufWriter rawTensor(String name, int type, long[] dimensions, long offset, byte[] data) {
        tensors.add(new Tensor(name, type, dimensions.clone(), data.clone(), offset));
        return this;
    }

    /** The file's bytes; nothing follows the last tensor's last byte. */
    public byte[] toBytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(u32(version));
        out.writeBytes(u64(tensors.size()));
        out.writeBytes(u64(metadata.size()));
        metadata.forEach(out::writeBytes);
        for (Tensor tensor : tensors) {
            out.writeBytes(bytes(tensor.name));
            out.writeBytes(u32(tensor.dimensions.length));
            for (long dimension : tensor.dimensions) {
                out.writeBytes(u64(dimension));
            }
            out.writeBytes(u32(tensor.type));
            out.writeBytes(u64(tensor.offset));
        }
        int dataStart = Math.ceilDiv(out.size(), alignment) * alignment;
        for (Tensor tensor : tensors) {
            if (dataStart + tensor.offset >= out.size()) {
                out.writeBytes(new byte[Math.toIntExact(dataStart + tensor.offset - out.size())]);
                out.writeBytes(tensor.data);
            }
        }
        return out.toByteArray();
    }

    /** Writes the file and returns its path. */
    public Path write(Path file) throws IOException {
        return Files.write(file, toBytes());
    }

    /** Bytes of an array value: element type, count, elements. */
    public static byte[] array(int elementType, long count, byte[] elements) {
        return concat(u32(elementType), u64(count), elements);
    }

    /** A little-endian 32-bit number. */
    public static byte[] u32(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    /** A little-endian 64-bit number. */
    public static byte[] u64(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    /** Joins pieces. */
    public static byte[] concat(byte[]... pieces) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] piece : pieces) {
            out.writeBytes(piece);
        }
        return out.toByteArray();
    }

    private static int valueType(Object value) {
        return switch (value) {
            case Byte _ -> 1;
            case Short _ -> 3;
            case Long _ -> 4;
            case Integer _ -> 5;
            case Float _ -> 6;
            case Boolean _ -> 7;
            case String _ -> 8;
            case Double _ -> 12;
            default -> 9;
        };
    }

    private static byte[] bytes(Object value) {
        return switch (value) {
            case Byte number -> new byte[] {number};
            case Short number -> new byte[] {number.byteValue(), (byte) (number >> 8)};
            case Long number -> u32((int) (long) number);
            case Integer number -> u32(number);
            case Float number -> u32(Float.floatToRawIntBits(number));
            case Double number -> u64(Double.doubleToRawLongBits(number));
            case Boolean flag -> new byte[] {(byte) (flag ? 1 : 0)};
            case String text -> {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                yield concat(u64(utf8.length), utf8);
            }
            case int[] array -> elements(5, box(array));
            case float[] array -> elements(6, box(array));
            case double[] array -> elements(12, box(array));
            case boolean[] array -> elements(7, box(array));
            case String[] array -> elements(8, array);
            case Object[] array -> elements(9, array);
            default -> throw new IllegalArgumentException("no metadata type for " + value.getClass());
        };
    }

    private static byte[] elements(int type, Object[] elements) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Object element : elements) {
            out.writeBytes(bytes(element));
        }
        return array(type, elements.length, out.toByteArray());
    }

    private static Object[] box(Object array) {
        Object[] boxed = new Object[java.lang.reflect.Array.getLength(array)];
        for (int i = 0; i < boxed.length; i++) {
            boxed[i] = java.lang.reflect.Array.get(array, i);
        }
        return boxed;
    }
}
