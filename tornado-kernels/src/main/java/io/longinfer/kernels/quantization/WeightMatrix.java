package io.longinfer.kernels.quantization;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A weight matrix in its file's own format: {@code [rows][columns]}, a row's blocks one after the other. It does not own
 * its memory, which is usually a memory-mapped file; it lives as long as the arena of {@code data}. Immutable.
 *
 * @param name how the file calls it, for messages
 * @param rows output features
 * @param columns input features, a multiple of the type's block
 * @param data little-endian, exactly {@code rows * rowBytes()} long
 */
public record WeightMatrix(String name, TensorType type, int rows, int columns, MemorySegment data) {
    public WeightMatrix {
        Objects.requireNonNull(name);
        if (rows <= 0 || columns <= 0) {
            throw new IllegalArgumentException(name + ": " + rows + " x " + columns + " is no matrix");
        }
        long expected = Math.multiplyExact((long) rows, type.sizeBytes(columns));
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException(name + ": " + rows + " x " + columns + " of " + type + " takes "
                    + expected + " bytes, but " + data.byteSize() + " are given");
        }
    }

    /** Bytes of one row. */
    public long rowBytes() {
        return type.sizeBytes(columns);
    }
}
