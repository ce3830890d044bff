package io.longinfer.kernels.abstracts;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A full group of abstracts in 8 bits a number. A channel's minima and maxima share an offset (its least minimum) and a step.
 *
 * <pre>
 * group:  offsets [headDim] fp16   steps [headDim] fp16   minima [headDim][16] codes   maxima [headDim][16] codes
 * number = min(offset + step * code, 65504), one rounding to float
 * </pre>
 *
 * <p>2,304 bytes for a head of 64. Minima are at most, maxima at least the numbers of the fp16 group they were made of.
 *
 * @param headDim channels of a head, a multiple of 8
 */
public record ByteAbstractLayout(int headDim) {
    /** The greatest finite fp16: a code beyond it would make a parent's bound infinite. */
    static final float MAX_HALF = 65504f;

    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int CODES = 255;

    public ByteAbstractLayout {
        if (headDim <= 0 || headDim % 8 != 0) {
            throw new IllegalArgumentException("a head has a positive multiple of 8 channels, not " + headDim);
        }
    }

    /** Bytes of one group. */
    public int groupBytes() {
        return 2 * headDim * Short.BYTES + 2 * headDim * AbstractLayout.CHUNKS;
    }

    /** Where a channel's offset lies in a group, in bytes. */
    int offsetOffset(int channel) {
        return channel * Short.BYTES;
    }

    /** Where a channel's step lies. */
    int stepOffset(int channel) {
        return (headDim + channel) * Short.BYTES;
    }

    /** Where the codes of a row lie: row {@code channel} holds minima, row {@code headDim + channel} maxima. */
    int codeOffset(int row) {
        return 2 * headDim * Short.BYTES + row * AbstractLayout.CHUNKS;
    }

    static float decode(float offset, float step, int code) {
        return Math.min(Math.fma(step, (float) code, offset), MAX_HALF);
    }

    /** The minimum of {@code channel} of the chunk at {@code index}. */
    public float min(MemorySegment group, long groupOffset, int channel, int index) {
        return number(group, groupOffset, channel, channel, index);
    }

    /** The maximum of {@code channel} of the chunk at {@code index}. */
    public float max(MemorySegment group, long groupOffset, int channel, int index) {
        return number(group, groupOffset, channel, headDim + channel, index);
    }

    private float number(MemorySegment group, long at, int channel, int row, int index) {
        float offset = Float.float16ToFloat(group.get(FP16, at + offsetOffset(channel)));
        float step = Float.float16ToFloat(group.get(FP16, at + stepOffset(channel)));
        int code = group.get(ValueLayout.JAVA_BYTE, at + codeOffset(row) + index) & 0xff;
        return decode(offset, step, code);
    }

    /**
     * Makes a group of 8 bits of a full one of fp16.
     *
     * @param halves the fp16 group from {@code halvesOffset}, all finite
     * @param bytes receives the group from {@code bytesOffset}
     */
    public void encode(MemorySegment halves, long halvesOffset, MemorySegment bytes, long bytesOffset) {
        AbstractLayout from = new AbstractLayout(headDim);
        for (int j = 0; j < headDim; j++) {
            float low = Float.POSITIVE_INFINITY;
            float high = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < AbstractLayout.CHUNKS; i++) {
                low = Math.min(low, half(halves, halvesOffset + from.minOffset(j, i)));
                high = Math.max(high, half(halves, halvesOffset + from.maxOffset(j, i)));
            }
            short stepBits = HalfRounding.up((high - low) / CODES);
            if (decode(low, Float.float16ToFloat(stepBits), CODES) < high) {
                stepBits++; // the division rounded down
            }
            float step = Float.float16ToFloat(stepBits);
            bytes.set(FP16, bytesOffset + offsetOffset(j), Float.floatToFloat16(low));
            bytes.set(FP16, bytesOffset + stepOffset(j), stepBits);
            for (int i = 0; i < AbstractLayout.CHUNKS; i++) {
                float min = half(halves, halvesOffset + from.minOffset(j, i));
                float max = half(halves, halvesOffset + from.maxOffset(j, i));
                bytes.set(ValueLayout.JAVA_BYTE, bytesOffset + codeOffset(j) + i, (byte) codeBelow(low, step, min));
                bytes.set(ValueLayout.JAVA_BYTE, bytesOffset + codeOffset(headDim + j) + i, (byte)
                        codeAbove(low, step, max));
            }
        }
    }

    private static int codeBelow(float offset, float step, float value) {
        int code = step == 0 ? 0 : Math.clamp((int) ((value - offset) / step), 0, CODES);
        while (code > 0 && decode(offset, step, code) > value) {
            code--;
        }
        return code;
    }

    private static int codeAbove(float offset, float step, float value) {
        int code = step == 0 ? 0 : Math.clamp((int) ((value - offset) / step), 0, CODES);
        while (code < CODES && decode(offset, step, code) < value) {
            code++;
        }
        return code;
    }

    private static float half(MemorySegment memory, long offset) {
        return Float.float16ToFloat(memory.get(FP16, offset));
    }
}
