package io.longinfer.kernels.quantization;

import java.lang.foreign.MemorySegment;

/**
 * Chunks of keys and values in fewer bits, and back to fp16. Stateless and thread-safe; every implementation gives the same
 * bits.
 */
public interface QuantizationKernels {
    /**
     * Quantises a chunk.
     *
     * @param chunk fp16, {@code layout.chunk().sizeBytes()} from {@code chunkOffset}
     * @param quantized receives {@code layout.sizeBytes()} from {@code quantizedOffset}, or {@code layout.prefixBytes()}
     * @param refined whether the low halves are written, behind the prefix
     * @throws NotFiniteException if a key or a value is infinite or not a number; what was written then is meaningless
     */
    void quantize(
            QuantizedChunkLayout layout,
            MemorySegment chunk,
            long chunkOffset,
            MemorySegment quantized,
            long quantizedOffset,
            boolean refined);

    /**
     * Writes a quantised chunk in fp16, rounding to nearest even. Bytes that {@link #quantize} did not write give meaningless
     * numbers, but nothing else.
     *
     * @param refined whether the low halves are there and used; if not, only the prefix is read
     */
    void dequantize(
            QuantizedChunkLayout layout,
            MemorySegment quantized,
            long quantizedOffset,
            boolean refined,
            MemorySegment chunk,
            long chunkOffset);
}
