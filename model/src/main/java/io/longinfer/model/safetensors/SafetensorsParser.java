package io.longinfer.model.safetensors;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import io.longinfer.model.json.JsonReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a safetensors file's header and checks it against the file's size: 8 bytes of length, so many bytes of JSON, then
 * the tensors one behind the other without gaps. Used once.
 */
final class SafetensorsParser {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** The format's own limit. */
    private static final long MOST_HEADER_BYTES = 100_000_000;

    private static final String METADATA = "__metadata__";

    private final Path path;
    private final MemorySegment memory;

    /** Where a tensor lies, relative to the end of the header. */
    private record Extent(String name, long begin, long end) {}

    SafetensorsParser(Path path, MemorySegment memory) {
        this.path = path;
        this.memory = memory;
    }

    Map<String, SafetensorsTensor> parse() throws ModelFormatException {
        long headerBytes = headerBytes();
        byte[] header = memory.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
        JsonObject root = JsonReader.parse(path, Long.BYTES, header);
        MemorySegment data = memory.asSlice(Long.BYTES + headerBytes);
        Map<String, SafetensorsTensor> tensors = new LinkedHashMap<>();
        List<Extent> extents = new ArrayList<>();
        for (String name : root.keys()) {
            if (name.equals(METADATA)) {
                checkMetadata(root.object(name));
            } else {
                JsonObject entry = root.object(name);
                Extent extent = extent(name, entry, data.byteSize());
                extents.add(extent);
                tensors.put(name, tensor(extent, entry, data));
            }
        }
        checkGapless(extents, data.byteSize());
        return tensors;
    }

    private long headerBytes() throws ModelFormatException {
        long size = memory.byteSize();
        if (size < Long.BYTES) {
            throw error("header length", "cut off", "8 bytes, but the file has " + size);
        }
        long length = memory.get(LONG, 0);
        long most = Math.min(MOST_HEADER_BYTES, size - Long.BYTES);
        if (length < 2 || length > most) {
            throw new ModelFormatException(
                    path,
                    0,
                    "header length",
                    Long.toUnsignedString(length),
                    "2 to " + most + ", as the file has " + size + " bytes; is it complete?");
        }
        return length;
    }

    private static void checkMetadata(JsonObject metadata) throws ModelFormatException {
        for (String key : metadata.keys()) {
            metadata.string(key);
        }
    }

    private Extent extent(String name, JsonObject entry, long dataBytes) throws ModelFormatException {
        for (String key : entry.keys()) {
            if (!key.equals("dtype") && !key.equals("shape") && !key.equals("data_offsets")) {
                throw entry.error(key, "present", "only dtype, shape and data_offsets");
            }
        }
        List<?> offsets = entry.list("data_offsets");
        if (offsets.size() != 2
                || !(offsets.getFirst() instanceof Long begin)
                || !(offsets.getLast() instanceof Long end)
                || begin < 0
                || begin > end
                || end > dataBytes) {
            throw entry.error(
                    "data_offsets",
                    offsets,
                    "a begin and an end within the " + dataBytes + " bytes of data; is the file complete?");
        }
        return new Extent(name, begin, end);
    }

    private SafetensorsTensor tensor(Extent extent, JsonObject entry, MemorySegment data) throws ModelFormatException {
        String dtype = entry.string("dtype");
        TensorType type = type(dtype)
                .orElseThrow(() -> entry.error("dtype", "'" + dtype + "'", "one that is handled: F32, F16, BF16"));
        long[] shape = shape(entry);
        long bytes = extent.end - extent.begin;
        long elements = elements(shape, data.byteSize());
        if (elements < 0 || type.sizeBytes(elements) != bytes) {
            throw entry.error(
                    "shape",
                    entry.list("shape"),
                    "one whose " + dtype + " values take the " + bytes + " bytes of its" + " data_offsets");
        }
        return new SafetensorsTensor(path, extent.name, type, shape, data.asSlice(extent.begin, bytes));
    }

    private static Optional<TensorType> type(String dtype) {
        return switch (dtype) {
            case "F32" -> Optional.of(TensorType.F32);
            case "F16" -> Optional.of(TensorType.F16);
            case "BF16" -> Optional.of(TensorType.BF16);
            default -> Optional.empty();
        };
    }

    private static long[] shape(JsonObject entry) throws ModelFormatException {
        List<?> dimensions = entry.list("shape");
        long[] shape = new long[dimensions.size()];
        for (int i = 0; i < shape.length; i++) {
            if (!(dimensions.get(i) instanceof Long dimension) || dimension < 0) {
                throw entry.error("shape", dimensions, "a list of numbers that are not negative");
            }
            shape[i] = dimension;
        }
        return shape;
    }

    /** How many values a tensor has, or a negative number if more than {@code most}. */
    private static long elements(long[] shape, long most) {
        long elements = 1;
        for (long dimension : shape) {
            if (dimension > 0 && elements > most / dimension) {
                return -1;
            }
            elements *= dimension;
        }
        return elements;
    }

    private void checkGapless(List<Extent> extents, long dataBytes) throws ModelFormatException {
        extents.sort(Comparator.comparingLong(Extent::begin).thenComparingLong(Extent::end));
        long end = 0;
        for (Extent extent : extents) {
            if (extent.begin != end) {
                throw error(
                        extent.name + ".data_offsets",
                        extent.begin,
                        end + ", where the tensor before it ends: tensors neither overlap nor leave gaps");
            }
            end = extent.end;
        }
        if (end != dataBytes) {
            throw error("data", dataBytes + " bytes", end + ", where the last tensor ends");
        }
    }

    private ModelFormatException error(String field, Object value, String expectation) {
        return new ModelFormatException(path, ModelFormatException.NO_OFFSET, field, value, expectation);
    }
}
