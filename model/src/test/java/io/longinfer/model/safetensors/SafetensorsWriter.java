package io.longinfer.model.safetensors;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes safetensors files for tests. */
public final class SafetensorsWriter {
    private final Map<String, Object> header = new LinkedHashMap<>();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    /** Adds a tensor of numbers in single precision. */
    public SafetensorsWriter tensor(String name, float[] values, long... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return tensor(name, "F32", bytes.array(), shape);
    }

    /** Adds a tensor of bytes that are {@code dtype} already. */
    public SafetensorsWriter tensor(String name, String dtype, byte[] bytes, long... shape) {
        int begin = data.size();
        data.writeBytes(bytes);
        List<Long> dimensions = Arrays.stream(shape).boxed().toList();
        return entry(name, Map.of("dtype", dtype, "shape", dimensions, "data_offsets", List.of(begin, data.size())));
    }

    /** Adds an entry of the header alone. */
    SafetensorsWriter entry(String name, Object entry) {
        header.put(name, entry);
        return this;
    }

    /** The file. */
    public byte[] toBytes() throws IOException {
        return file(JSON.std.asString(header), data.toByteArray());
    }

    /** A file with that text for a header. */
    static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }
}
