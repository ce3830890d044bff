package io.longinfer.model.gguf;

import io.longinfer.kernels.quantization.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads a GGUF file's header, metadata and table of tensors, and checks them against the file's size. Used once. */
final class GgufParser {
    private static final int MAGIC = 0x46554747; // "GGUF" as a little-endian int
    private static final String ALIGNMENT_KEY = "general.alignment";
    private static final long DEFAULT_ALIGNMENT = 32;
    /** The format demands a multiple of 8; so every tensor's numbers are aligned in memory too. */
    private static final long LEAST_ALIGNMENT = 8;
    private static final int MOST_NAME_BYTES = 65_535;
    private static final int MOST_DIMENSIONS = 4;
    /** A name's length and one letter, a type and the smallest value. */
    private static final int LEAST_METADATA_BYTES = 8 + 1 + 4 + 1;
    /** A name's length and one letter, one dimension, type and offset. */
    private static final int LEAST_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

    /** What the file holds. */
    record Contents(int version, GgufMetadata metadata, Map<String, GgufTensor> tensors) {}

    /** An entry of the table of tensors; {@code offsetAt} is where the file states {@code offset}. */
    private record Entry(
            String name, TensorType type, List<Long> dimensions, long sizeBytes, long offset, long offsetAt) {}

    private final GgufCursor cursor;

    GgufParser(GgufCursor cursor) {
        this.cursor = cursor;
    }

    Contents parse() throws ModelFormatException {
        int version = readVersion();
        long tensorCount = cursor.readCount("number of tensors", LEAST_TENSOR_BYTES);
        long metadataCount = cursor.readCount("number of metadata entries", LEAST_METADATA_BYTES);
        GgufMetadata metadata = readMetadata(metadataCount);
        long alignment = alignment(metadata);
        Map<String, Entry> table = readTable(tensorCount, alignment);
        return new Contents(version, metadata, locate(table, alignment));
    }

    private int readVersion() throws ModelFormatException {
        int magic = cursor.readInt("magic");
        if (magic != MAGIC) {
            throw cursor.error(0, "magic", String.format("0x%08x", magic), "0x46554747, which spells GGUF");
        }
        int version = cursor.readInt("version");
        if ((version & 0xFFFF) == 0) {
            throw cursor.error(
                    4,
                    "version",
                    Integer.reverseBytes(version) + " in big-endian order",
                    "a little-endian file (big-endian ones are not supported)");
        }
        if (version != 2 && version != 3) {
            throw cursor.error(4, "version", Integer.toUnsignedString(version), "2 or 3");
        }
        return version;
    }

    private GgufMetadata readMetadata(long count) throws ModelFormatException {
        GgufValueReader values = new GgufValueReader(cursor);
        Map<String, GgufMetadata.Entry> entries = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            long start = cursor.position();
            String key = readName("key of metadata entry " + i);
            GgufValueType type = GgufValueType.read(cursor, key + " (type)");
            long offset = cursor.position();
            Object value = values.read(type, key);
            if (entries.putIfAbsent(key, new GgufMetadata.Entry(value, offset)) != null) {
                throw cursor.error(start, "key of metadata entry " + i, "'" + key + "' again", "each key once");
            }
        }
        return new GgufMetadata(cursor.path(), entries);
    }

    private String readName(String field) throws ModelFormatException {
        long start = cursor.position();
        String name = cursor.readString(field, MOST_NAME_BYTES);
        if (name.isEmpty()) {
            throw cursor.error(start, field, "empty", "a name");
        }
        return name;
    }

    private static long alignment(GgufMetadata metadata) throws ModelFormatException {
        long alignment = metadata.integerIf(ALIGNMENT_KEY).orElse(DEFAULT_ALIGNMENT);
        if (alignment < LEAST_ALIGNMENT || Long.bitCount(alignment) != 1) {
            throw metadata.error(ALIGNMENT_KEY, alignment, "a power of two, at least " + LEAST_ALIGNMENT);
        }
        return alignment;
    }

    private Map<String, Entry> readTable(long count, long alignment) throws ModelFormatException {
        Map<String, Entry> table = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            long start = cursor.position();
            String name = readName("name of tensor " + i);
            List<Long> dimensions = readDimensions(name);
            TensorType type = readType(name);
            long sizeBytes = sizeBytes(name, type, dimensions);
            long offsetAt = cursor.position();
            long offset = cursor.readLong(name + " (offset)");
            if (offset % alignment != 0 || offset < 0) {
                throw cursor.error(
                        offsetAt,
                        name + " (offset)",
                        Long.toUnsignedString(offset),
                        "a multiple of the alignment " + alignment + " within the file");
            }
            if (table.putIfAbsent(name, new Entry(name, type, dimensions, sizeBytes, offset, offsetAt)) != null) {
                throw cursor.error(start, "name of tensor " + i, "'" + name + "' again", "each name once");
            }
        }
        return table;
    }

    private List<Long> readDimensions(String name) throws ModelFormatException {
        String field = name + " (dimensions)";
        long start = cursor.position();
        int count = cursor.readInt(field);
        if (count < 1 || count > MOST_DIMENSIONS) {
            throw cursor.error(start, field, Integer.toUnsignedString(count), "1 to " + MOST_DIMENSIONS + " of them");
        }
        List<Long> dimensions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long at = cursor.position();
            long dimension = cursor.readLong(field);
            if (dimension <= 0) {
                throw cursor.error(at, field, Long.toUnsignedString(dimension), "a positive number below 2^63");
            }
            dimensions.add(dimension);
        }
        return List.copyOf(dimensions);
    }

    private TensorType readType(String name) throws ModelFormatException {
        long start = cursor.position();
        int id = cursor.readInt(name + " (type)");
        return TensorType.ofId(id)
                .orElseThrow(() -> cursor.error(
                        start, name + " (type)", Integer.toUnsignedString(id), "a supported tensor type: " + types()));
    }

    private static String types() {
        return Arrays.stream(TensorType.values())
                .map(type -> type.id() + " " + type)
                .collect(Collectors.joining(", "));
    }

    private long sizeBytes(String name, TensorType type, List<Long> dimensions) throws ModelFormatException {
        long start = cursor.position() - Integer.BYTES - (long) dimensions.size() * Long.BYTES;
        String field = name + " (dimensions)";
        if (dimensions.getFirst() % type.blockElements() != 0) {
            throw cursor.error(
                    start,
                    field,
                    dimensions,
                    "a first dimension that is a multiple of " + type.blockElements() + ", the block of " + type);
        }
        try {
            long elements = dimensions.stream().reduce(1L, Math::multiplyExact);
            long bytes = type.sizeBytes(elements);
            if (bytes <= cursor.size()) {
                return bytes;
            }
        } catch (ArithmeticException overflow) {
            // Falls through: what overflows a long exceeds any file.
        }
        throw cursor.error(
                start, field, dimensions, type + " values that fit into a file of " + cursor.size() + " bytes");
    }

    /** Finds the tensors in the data section, which begins at the next multiple of the alignment. */
    private Map<String, GgufTensor> locate(Map<String, Entry> table, long alignment) throws ModelFormatException {
        long padding = (alignment - cursor.position() % alignment) % alignment;
        // A vocabulary-only file may end before the data section begins.
        boolean within = padding <= cursor.remaining();
        long dataStart = within ? cursor.position() + padding : cursor.size();
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (Entry entry : table.values()) {
            long room = within ? cursor.size() - dataStart : 0;
            if (entry.offset > room || entry.sizeBytes > room - entry.offset) {
                throw cursor.error(
                        entry.offsetAt,
                        entry.name + " (offset)",
                        entry.offset,
                        "room for its " + entry.sizeBytes + " bytes in the " + room + " bytes of data; is the file"
                                + " complete?");
            }
            MemorySegment data = cursor.slice(dataStart + entry.offset, entry.sizeBytes);
            long[] dimensions =
                    entry.dimensions.stream().mapToLong(Long::longValue).toArray();
            tensors.put(entry.name, new GgufTensor(entry.name, entry.type, dimensions, data));
        }
        checkOverlaps(table);
        return tensors;
    }

    private void checkOverlaps(Map<String, Entry> table) throws ModelFormatException {
        List<Entry> sorted = new ArrayList<>(table.values());
        sorted.sort(Comparator.comparingLong(Entry::offset));
        for (int i = 1; i < sorted.size(); i++) {
            Entry before = sorted.get(i - 1);
            Entry entry = sorted.get(i);
            long end = before.offset + before.sizeBytes;
            if (entry.offset < end) {
                throw cursor.error(
                        entry.offsetAt,
                        entry.name + " (offset)",
                        entry.offset,
                        "at least " + end + ", where " + before.name + " ends");
            }
        }
    }
}
