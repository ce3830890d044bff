package io.longinfer.kernels.quantization;

import io.longinfer.kernels.device.Alignment;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Chunks of keys and values in fewer bits, and back to fp16, as {@link QuantizedChunkLayout} says, all in ints: of a chunk of
 * head dimension d, {@link #chunkInts} of fp16, {@link #prefixInts} of codes of 4 bits, {@link #refinedInts} of codes of 8. Slots
 * begin at {@link Alignment#FIRST}. A work-group for a chunk. Where devices divide less exactly than Java, a step may differ by one in its last place, and codes
 * with it.
 */
public final class TornadoQuantization {
    private static final int LANES = 128;
    private static final int TOKENS = 16;

    /** Codes in an int of 4 bits each. */
    private static final int CODES = 8;

    private static final float LARGEST_CODE = 255f;
    private static final float BEYOND_FP16 = 65520f;

    private TornadoQuantization() {}

    /** Ints of a chunk in fp16. */
    public static int chunkInts(int headDim) {
        return TOKENS * headDim;
    }

    /** Ints of parameters and high halves of codes. */
    public static int prefixInts(int headDim) {
        return headDim + TOKENS + 2 * TOKENS * headDim / CODES;
    }

    /** Ints of the prefix and of the low halves. */
    public static int refinedInts(int headDim) {
        return prefixInts(headDim) + 2 * TOKENS * headDim / CODES;
    }

    /** The work-groups of both kernels, for up to {@code chunks} chunks. */
    public static WorkerGrid1D grid(int chunks) {
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(chunks, LANES));
        grid.setLocalWork(LANES, 1, 1);
        return grid;
    }

    /**
     * Quantises chunks of finite numbers.
     *
     * @param moves how many chunks there are, then for each its slot in {@code chunks} and its slot in {@code quantized}
     * @param chunks slots of {@link #chunkInts}
     * @param quantized slots of {@link #refinedInts}, or of {@link #prefixInts} if not refined
     * @param refined 1 if the low halves are written
     */
    public static void quantizeChunks(
            KernelContext context, IntArray moves, IntArray chunks, IntArray quantized, int headDim, int refined) {
        int[] halves = context.allocateIntLocalArray(TOKENS * headDim);
        int[] parameters = context.allocateIntLocalArray(headDim + TOKENS);
        int lane = context.localIdx;
        int move = context.groupIdx;
        if (move < moves.get(0)) {
            int from = Alignment.FIRST + moves.get(1 + 2 * move) * chunkInts(headDim);
            int slotInts = refined == 1 ? refinedInts(headDim) : prefixInts(headDim);
            int to = Alignment.FIRST + moves.get(2 + 2 * move) * slotInts;
            for (int i = lane; i < TOKENS * headDim; i += LANES) {
                halves[i] = chunks.get(from + i);
            }
            context.localBarrier();
            for (int group = lane; group < headDim + TOKENS; group += LANES) {
                int first = group < headDim ? group * (TOKENS / 2) : (group - headDim + TOKENS) * (headDim / 2);
                int count = group < headDim ? TOKENS / 2 : headDim / 2;
                int least = 0x7fff;
                int most = -0x8000;
                // Items begin at different places of their groups, and so in different banks of local memory.
                int begin = group < headDim ? (group >>> 2) & (TOKENS / 2 - 1) : (group - headDim) % count;
                for (int j = begin; j < begin + count; j++) {
                    int i = first + (j < count ? j : j - count);
                    int low = ordered(halves[i] & 0xffff);
                    int high = ordered((halves[i] >> 16) & 0xffff);
                    least = low < least ? low : least;
                    least = high < least ? high : least;
                    most = low > most ? low : most;
                    most = high > most ? high : most;
                }
                int both = parameters(least, most);
                parameters[group] = both;
                quantized.set(to + group, both);
            }
            context.localBarrier();
            int codes = to + headDim + TOKENS;
            for (int i = lane; i < 2 * TOKENS * headDim / CODES; i += LANES) {
                int first = i * CODES;
                int keys = TOKENS * headDim;
                int group = first < keys ? first / TOKENS : headDim + (first - keys) / headDim;
                int both = parameters[group];
                float offset = PackedHalves.low(both);
                float step = PackedHalves.high(both);
                float inverse = step == 0f ? 0f : 1f / step;
                int high = 0;
                int low = 0;
                for (int j = 0; j < CODES / 2; j++) {
                    int k = (j + (lane >>> 3)) & (CODES / 2 - 1);
                    int pair = halves[i * (CODES / 2) + k];
                    int even = code(PackedHalves.low(pair), offset, inverse);
                    int odd = code(PackedHalves.high(pair), offset, inverse);
                    high |= ((even >>> 4) | (odd & 0xf0)) << (8 * k);
                    low |= ((even & 15) | ((odd & 15) << 4)) << (8 * k);
                }
                quantized.set(codes + i, high);
                if (refined == 1) {
                    quantized.set(codes + 2 * TOKENS * headDim / CODES + i, low);
                }
            }
        }
    }

    /**
     * Writes quantised chunks in fp16, rounding to nearest even.
     *
     * @param moves how many chunks there are, then for each its slot in {@code quantized} and its slot in {@code chunks}
     * @param quantized slots of {@link #refinedInts}, or of {@link #prefixInts} if not refined
     * @param chunks slots of {@link #chunkInts}
     * @param refined 1 if the low halves are there and used
     */
    public static void dequantizeChunks(
            KernelContext context, IntArray moves, IntArray quantized, IntArray chunks, int headDim, int refined) {
        int lane = context.localIdx;
        int move = context.groupIdx;
        if (move < moves.get(0)) {
            int slotInts = refined == 1 ? refinedInts(headDim) : prefixInts(headDim);
            int from = Alignment.FIRST + moves.get(1 + 2 * move) * slotInts;
            int to = Alignment.FIRST + moves.get(2 + 2 * move) * chunkInts(headDim);
            int codes = from + headDim + TOKENS;
            for (int i = lane; i < TOKENS * headDim; i += LANES) {
                int first = 2 * i;
                int keys = TOKENS * headDim;
                int group = first < keys ? first / TOKENS : headDim + (first - keys) / headDim;
                int both = quantized.get(from + group);
                float offset = PackedHalves.low(both);
                float step = PackedHalves.high(both);
                int shift = 8 * (i & 3);
                int high = (quantized.get(codes + i / 4) >> shift) & 0xff;
                int even = (high & 15) << 4;
                int odd = high & 0xf0;
                if (refined == 1) {
                    int low = (quantized.get(codes + 2 * TOKENS * headDim / CODES + i / 4) >> shift) & 0xff;
                    even |= low & 15;
                    odd |= low >>> 4;
                } else {
                    offset = offset + step * GroupParameters.MIDDLE;
                }
                chunks.set(to + i, PackedHalves.pack(offset + step * (float) even, offset + step * (float) odd));
            }
        }
    }

    /** Bits of fp16 as a number of the same order; its own inverse with {@link #bits}. */
    private static int ordered(int bits) {
        return bits < 0x8000 ? bits : 0x7fff - bits;
    }

    private static int bits(int ordered) {
        return ordered < 0 ? 0x7fff - ordered : ordered;
    }

    /** What {@link GroupParameters#of} gives. */
    private static int parameters(int least, int most) {
        float offset = PackedHalves.number(bits(least));
        float exact = (PackedHalves.number(bits(most)) - offset) / LARGEST_CODE;
        int step = PackedHalves.bits(exact);
        step = PackedHalves.number(step) < exact ? step + 1 : step;
        float reached = offset + PackedHalves.number(step) * LARGEST_CODE;
        step = reached >= BEYOND_FP16 ? step - 1 : step;
        return bits(least) | (step << 16);
    }

    /** The nearest code, of two the even one. */
    private static int code(float x, float offset, float inverse) {
        float exact = (x - offset) * inverse;
        int truncated = (int) exact;
        float rest = exact - (float) truncated;
        int up = rest > 0.5f ? 1 : (rest == 0.5f ? truncated & 1 : 0);
        return truncated + up;
    }
}
