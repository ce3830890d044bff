package io.longinfer.model.gguf;

import io.longinfer.kernels.quantization.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * A tensor of a GGUF file, in place. Lives as long as its {@link GgufFile}; safe for any thread.
 *
 * @param dimensions as stored, innermost first, one to four
 * @param data exactly the tensor's blocks, read-only, little-endian
 */
@SuppressWarnings("ArrayRecordComponent") // a view of the file, never compared
public record GgufTensor(String name, TensorType type, long[] dimensions, MemorySegment data) {
    /** Number of values. */
    public long elements() {
        long elements = 1;
        for (long dimension : dimensions) {
            elements *= dimension; // the reader has checked that the product fits
        }
        return elements;
    }
}
