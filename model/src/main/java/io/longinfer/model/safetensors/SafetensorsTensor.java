package io.longinfer.model.safetensors;

import io.longinfer.kernels.quantization.TensorType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A tensor of a safetensors file, in place. Lives as long as its {@link SafetensorsFile}; safe for any thread.
 *
 * @param file where it lies
 * @param shape outermost dimension first; empty for a single number
 * @param data exactly the tensor's values, read-only, little-endian, of any alignment
 */
@SuppressWarnings("ArrayRecordComponent") // a view of the file, never compared
public record SafetensorsTensor(Path file, String name, TensorType type, long[] shape, MemorySegment data) {}
