package io.longinfer.kernels.attention;

import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * In which form a device's pool holds chunks, and how kernels read two neighbouring numbers of one. Constants are ints because
 * they are parameters of kernels.
 *
 * <pre>
 * {@link #FP16}  keys and values in two arrays, a slot has 8 headDim ints of each, see {@link TornadoKvKernels}
 * {@link #INT8}  one array in place of both, a slot is a chunk as {@link io.longinfer.kernels.quantization.QuantizedChunkLayout} lays it, refined
 * {@link #INT4}  the same, but a slot ends with the prefix
 * </pre>
 *
 * <p>All methods are compiled into kernels.
 */
public final class PoolFormat {
    /** Halves. */
    public static final int FP16 = 0;

    /** Codes of 8 bits. */
    public static final int INT8 = 1;

    /** Codes of 4 bits. */
    public static final int INT4 = 2;

    private static final int TOKENS = ChunkLayout.TOKENS;
    private static final float MIDDLE = 7.5f;

    private PoolFormat() {}

    /** Ints of a slot. */
    public static int slotInts(int headDim, int format) {
        int nibbles = headDim * TOKENS / 4;
        int quantized = headDim + TOKENS + (format == INT8 ? 2 : 1) * nibbles;
        return format == FP16 ? headDim * TOKENS / 2 : quantized;
    }

    /** Offset and step of a channel of the keys, packed halves; 0 for {@link #FP16}. */
    static int keyParameters(IntArray pool, int slot, int channel, int format) {
        return format == FP16 ? 0 : pool.get(slot + channel);
    }

    /** Offset and step of a token of the values; 0 for {@link #FP16}. */
    static int valueParameters(IntArray pool, int slot, int headDim, int token, int format) {
        return format == FP16 ? 0 : pool.get(slot + headDim + token);
    }

    /**
     * What {@link #even} and {@link #odd} need of keys 2 {@code pair} and 2 {@code pair + 1} of a channel: two halves, or two codes each in a
     * half.
     *
     * @param slot index of the slot's first int
     */
    static int keys(IntArray pool, int slot, int headDim, int channel, int pair, int format) {
        int index = channel * (TOKENS / 2) + pair;
        return format == FP16 ? pool.get(slot + index) : codes(pool, slot, headDim, index, format);
    }

    /** Of channels 2 {@code pair} and 2 {@code pair + 1} of a token's value. */
    static int values(IntArray pool, int slot, int headDim, int token, int pair, int format) {
        int index = token * (headDim / 2) + pair;
        return format == FP16
                ? pool.get(slot + index)
                : codes(pool, slot, headDim, headDim * (TOKENS / 2) + index, format);
    }

    /** Codes 2 {@code pair} and 2 {@code pair + 1} of a quantised chunk; of 4 bits, their high halves. */
    private static int codes(IntArray pool, int slot, int headDim, int pair, int format) {
        int at = slot + headDim + TOKENS + (pair >>> 2);
        int shift = 8 * (pair & 3);
        int high = (pool.get(at) >> shift) & 0xff;
        int low = format == INT8 ? (pool.get(at + headDim * TOKENS / 4) >> shift) & 0xff : 0;
        return ((high & 15) << 4) | (low & 15) | ((high >> 4) << 20) | ((low >> 4) << 16);
    }

    /** What to add to the code times the step: the offset, and with 4 bits the middle of the codes that are meant. */
    static float offset(int parameters, int format) {
        float offset = PackedHalves.low(parameters);
        return format == INT4 ? offset + MIDDLE * PackedHalves.high(parameters) : offset;
    }

    /** The first number of a pair, given what {@link #offset} gives. */
    static float even(int pair, int parameters, float offset, int format) {
        return format == FP16 ? PackedHalves.low(pair) : offset + PackedHalves.high(parameters) * (float) (pair & 0xff);
    }

    /** The second number of a pair. */
    static float odd(int pair, int parameters, float offset, int format) {
        return format == FP16
                ? PackedHalves.high(pair)
                : offset + PackedHalves.high(parameters) * (float) ((pair >> 16) & 0xff);
    }
}
