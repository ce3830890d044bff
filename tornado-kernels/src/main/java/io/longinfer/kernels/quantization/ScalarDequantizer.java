package io.longinfer.kernels.quantization;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * The readable reading of every block format: what each value of a tensor is, as a float. The faster kernels are tested
 * against it; it also serves where speed is of no matter. Stateless.
 *
 * <p>In the formats of 32 values, {@code d} is the block's scale and {@code m} its minimum, both fp16, and the low halves of
 * the bytes hold values 0 to 15, the high halves values 16 to 31. In the formats of 256 values ("K"), sub-blocks of 32 or 16
 * values have small integer scales that {@code d} (and {@code dmin}) multiply.
 */
public final class ScalarDequantizer {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ScalarDequantizer() {}

    /**
     * Reads {@code count} consecutive values.
     *
     * @param offsetBytes where their first block begins in {@code data}
     * @param count a multiple of the type's block
     * @throws IllegalArgumentException if {@code count} is no such multiple
     * @throws IndexOutOfBoundsException if {@code data} or {@code out} is too short
     */
    public static void row(
            TensorType type, MemorySegment data, long offsetBytes, float[] out, int outOffset, int count) {
        long bytes = type.sizeBytes(count);
        Objects.checkFromIndexSize(outOffset, count, out.length);
        Objects.checkFromIndexSize(offsetBytes, bytes, data.byteSize());
        int blocks = count / type.blockElements();
        for (int i = 0; i < blocks; i++) {
            block(type, data, offsetBytes + (long) i * type.blockBytes(), out, outOffset + i * type.blockElements());
        }
    }

    private static void block(TensorType type, MemorySegment data, long at, float[] out, int to) {
        switch (type) {
            case F32 -> out[to] = data.get(FLOAT, at);
            case F16 -> out[to] = half(data, at);
            case BF16 -> out[to] = Float.intBitsToFloat(data.get(SHORT, at) << 16);
            case Q4_0 -> q40(data, at, out, to);
            case Q4_1 -> q41(data, at, out, to);
            case Q5_0 -> q50(data, at, out, to);
            case Q5_1 -> q51(data, at, out, to);
            case Q8_0 -> q80(data, at, out, to);
            case Q4_K -> q4k(data, at, out, to);
            case Q5_K -> q5k(data, at, out, to);
            case Q6_K -> q6k(data, at, out, to);
        }
    }

    private static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(SHORT, at));
    }

    private static int unsigned(MemorySegment data, long at) {
        return Byte.toUnsignedInt(data.get(JAVA_BYTE, at));
    }

    /** The low (0) or high (1) half of a byte. */
    private static int nibble(MemorySegment data, long at, int which) {
        return (unsigned(data, at) >> (4 * which)) & 15;
    }

    private static int bit(int bits, int index) {
        return (bits >>> index) & 1;
    }

    /** d, 16 bytes: {@code d * (q - 8)}. */
    private static void q40(MemorySegment data, long at, float[] out, int to) {
        float d = half(data, at);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 2 + i);
            out[to + i] = d * ((pair & 15) - 8);
            out[to + 16 + i] = d * ((pair >> 4) - 8);
        }
    }

    /** d, m, 16 bytes: {@code d * q + m}. */
    private static void q41(MemorySegment data, long at, float[] out, int to) {
        float d = half(data, at);
        float m = half(data, at + 2);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 4 + i);
            out[to + i] = d * (pair & 15) + m;
            out[to + 16 + i] = d * (pair >> 4) + m;
        }
    }

    /** d, 32 high bits in the values' order, 16 bytes: {@code d * (q - 16)}. */
    private static void q50(MemorySegment data, long at, float[] out, int to) {
        float d = half(data, at);
        int high = data.get(INT, at + 2);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 6 + i);
            out[to + i] = d * (((pair & 15) | (bit(high, i) << 4)) - 16);
            out[to + 16 + i] = d * (((pair >> 4) | (bit(high, 16 + i) << 4)) - 16);
        }
    }

    /** d, m, 32 high bits in the values' order, 16 bytes: {@code d * q + m}. */
    private static void q51(MemorySegment data, long at, float[] out, int to) {
        float d = half(data, at);
        float m = half(data, at + 2);
        int high = data.get(INT, at + 4);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 8 + i);
            out[to + i] = d * ((pair & 15) | (bit(high, i) << 4)) + m;
            out[to + 16 + i] = d * ((pair >> 4) | (bit(high, 16 + i) << 4)) + m;
        }
    }

    /** d, 32 signed bytes: {@code d * q}. */
    private static void q80(MemorySegment data, long at, float[] out, int to) {
        float d = half(data, at);
        for (int i = 0; i < 32; i++) {
            out[to + i] = d * data.get(JAVA_BYTE, at + 2 + i);
        }
    }

    /**
     * d, dmin, 12 bytes of scales, 128 bytes: {@code d * scale * q - dmin * min}. Each 32 bytes hold two sub-blocks of 32
     * values, in their low and their high halves.
     */
    private static void q4k(MemorySegment data, long at, float[] out, int to) {
        for (int sub = 0; sub < 8; sub++) {
            float scale = half(data, at) * subScale(data, at + 4, sub);
            float min = half(data, at + 2) * subMin(data, at + 4, sub);
            long quants = at + 16 + 32L * (sub / 2);
            for (int i = 0; i < 32; i++) {
                int q = nibble(data, quants + i, sub % 2);
                out[to + 32 * sub + i] = scale * q - min;
            }
        }
    }

    /** As {@link #q4k}, with 32 bytes of high bits before the 128: bit {@code sub} of byte {@code i} belongs to value i. */
    private static void q5k(MemorySegment data, long at, float[] out, int to) {
        for (int sub = 0; sub < 8; sub++) {
            float scale = half(data, at) * subScale(data, at + 4, sub);
            float min = half(data, at + 2) * subMin(data, at + 4, sub);
            long quants = at + 48 + 32L * (sub / 2);
            for (int i = 0; i < 32; i++) {
                int low = nibble(data, quants + i, sub % 2);
                int high = bit(unsigned(data, at + 16 + i), sub);
                out[to + 32 * sub + i] = scale * (low | (high << 4)) - min;
            }
        }
    }

    /** Six bits: the first four sub-blocks' own bytes, the others' low four bits in bytes 8 to 11 and high two above. */
    private static int subScale(MemorySegment data, long scales, int sub) {
        return sub < 4
                ? unsigned(data, scales + sub) & 63
                : nibble(data, scales + 4 + sub, 0) | ((unsigned(data, scales + sub - 4) >> 6) << 4);
    }

    private static int subMin(MemorySegment data, long scales, int sub) {
        return sub < 4
                ? unsigned(data, scales + 4 + sub) & 63
                : nibble(data, scales + 4 + sub, 1) | ((unsigned(data, scales + sub) >> 6) << 4);
    }

    /**
     * 128 bytes of low bits, 64 of high bits, 16 signed scales, d: {@code d * scale * (q - 32)}, 16 values to a scale. In each
     * half of the block, 64 bytes hold four runs of 32 values: the low halves of the first and second 32 bytes, then their
     * high halves; the two high bits of the four runs share 32 bytes.
     */
    private static void q6k(MemorySegment data, long at, float[] out, int to) {
        float d = half(data, at + 208);
        for (int i = 0; i < 256; i++) {
            int half = i / 128;
            int run = i / 32 % 4;
            int lane = i % 32;
            int low = nibble(data, at + 64L * half + 32L * (run % 2) + lane, run / 2);
            int high = (unsigned(data, at + 128 + 32L * half + lane) >> (2 * run)) & 3;
            float scale = d * data.get(JAVA_BYTE, at + 192 + i / 16);
            out[to + i] = scale * ((low | (high << 4)) - 32);
        }
    }
}
