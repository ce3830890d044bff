package io.longinfer.kernels.quantization;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The readable twin of chunk quantisation: one group, one number at a time. Stateless and thread-safe. */
public final class ScalarQuantizationKernels implements QuantizationKernels {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public void quantize(
            QuantizedChunkLayout layout,
            MemorySegment chunk,
            long chunkOffset,
            MemorySegment quantized,
            long quantizedOffset,
            boolean refined) {
        int headDim = layout.chunk().headDim();
        int groups = headDim + ChunkLayout.TOKENS;
        int first = 0;
        for (int group = 0; group < groups; group++) {
            int count = group < headDim ? ChunkLayout.TOKENS : headDim;
            long from = chunkOffset + (long) first * Short.BYTES;
            int parameters = parameters(layout.chunk(), group, chunk, from, count);
            quantized.set(INT, quantizedOffset + layout.groupOffset(group), parameters);
            float offset = GroupParameters.offset(parameters);
            float inverse = GroupParameters.inverse(parameters);
            long high = quantizedOffset + layout.parametersBytes() + first / 2;
            for (int i = 0; i < count; i += 2) {
                int even = code(chunk, from + (long) i * Short.BYTES, offset, inverse);
                int odd = code(chunk, from + (long) (i + 1) * Short.BYTES, offset, inverse);
                quantized.set(ValueLayout.JAVA_BYTE, high + i / 2, (byte) ((even >> 4) | (odd & 0xf0)));
                if (refined) {
                    long low = high + layout.nibblesBytes();
                    quantized.set(ValueLayout.JAVA_BYTE, low + i / 2, (byte) ((even & 15) | (odd << 4)));
                }
            }
            first += count;
        }
    }

    private static int parameters(ChunkLayout layout, int group, MemorySegment chunk, long from, int count) {
        short min = Short.MAX_VALUE;
        short max = Short.MIN_VALUE;
        for (int i = 0; i < count; i++) {
            short x = GroupParameters.ordered(chunk.get(FP16, from + (long) i * Short.BYTES));
            min = x < min ? x : min;
            max = x > max ? x : max;
        }
        if (!GroupParameters.finite(min, max)) {
            throw new NotFiniteException(layout, group);
        }
        return GroupParameters.of(min, max);
    }

    private static int code(MemorySegment chunk, long at, float offset, float inverse) {
        return (int) Math.rint((Float.float16ToFloat(chunk.get(FP16, at)) - offset) * inverse);
    }

    @Override
    public void dequantize(
            QuantizedChunkLayout layout,
            MemorySegment quantized,
            long quantizedOffset,
            boolean refined,
            MemorySegment chunk,
            long chunkOffset) {
        int headDim = layout.chunk().headDim();
        long high = quantizedOffset + layout.parametersBytes();
        for (int i = 0; i < 2 * headDim * ChunkLayout.TOKENS; i++) {
            int keys = headDim * ChunkLayout.TOKENS;
            int group = i < keys ? i / ChunkLayout.TOKENS : headDim + (i - keys) / headDim;
            int parameters = quantized.get(INT, quantizedOffset + layout.groupOffset(group));
            float offset = GroupParameters.offset(parameters);
            float step = GroupParameters.step(parameters);
            float x;
            if (refined) {
                x = offset
                        + step * (nibble(quantized, high, i) << 4 | nibble(quantized, high + layout.nibblesBytes(), i));
            } else {
                x = offset + step * GroupParameters.MIDDLE + step * (nibble(quantized, high, i) << 4);
            }
            chunk.set(FP16, chunkOffset + (long) i * Short.BYTES, Float.floatToFloat16(x));
        }
    }

    private static int nibble(MemorySegment memory, long from, int index) {
        int pair = memory.get(ValueLayout.JAVA_BYTE, from + index / 2);
        return index % 2 == 0 ? pair & 15 : pair >> 4 & 15;
    }
}
