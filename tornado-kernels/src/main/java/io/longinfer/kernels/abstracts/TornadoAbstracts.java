package io.longinfer.kernels.abstracts;

import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device kernels that make abstracts. A device keeps groups of abstracts of many KV heads in one array, group by group as {@link
 * AbstractLayout} or {@link ByteAbstractLayout} lays them in bytes, two halves or four codes an int:
 *
 * <pre>
 * fp16    from first + group * 16 headDim   minima [headDim][8]   maxima [headDim][8]
 * 8 bits  from first + group * 9 headDim    offsets [headDim / 2]   steps [headDim / 2]   minima [headDim][4]   maxima [headDim][4]
 * </pre>
 */
public final class TornadoAbstracts {
    /** Work-items of a group of either kernel. */
    static final int LOCAL_SIZE = 128;

    /** Ints before the first entry of a list: only the first is used, for the number of entries. */
    public static final int LIST_HEAD = 4;

    /** Ints of an entry of a list. */
    public static final int LIST_INTS = 4;

    /** No such chunk. */
    public static final int NONE = -1;

    private static final int PAIRS = AbstractLayout.CHUNKS / 2;
    private static final int UPDATED_CHANNELS = LOCAL_SIZE / PAIRS;
    private static final int ENCODED_CHANNELS = LOCAL_SIZE / AbstractLayout.CHUNKS;
    private static final int CODES = 255;

    private TornadoAbstracts() {}

    /** Ints of a group of fp16. */
    public static int groupInts(int headDim) {
        return 2 * headDim * PAIRS;
    }

    /** Ints of a group of 8 bits. */
    public static int byteGroupInts(int headDim) {
        return 9 * headDim;
    }

    /**
     * Writes the abstracts of closed chunks into their groups, exactly. Two neighbouring chunks share ints, so an entry is for
     * both; of one that is not there, the group keeps what it has.
     *
     * @param updates number of entries, then from {@link #LIST_HEAD} for each: slot of the chunk of even place or {@link #NONE},
     *     slot of its neighbour or {@link #NONE}, number of the group, place of the first in the group halved
     * @param keys the pool's, fp16
     */
    public static void update(
            KernelContext context, IntArray updates, IntArray keys, IntArray abstracts, int first, int headDim) {
        int local = context.localIdx;
        int update = context.groupIdx;
        int[] lows = context.allocateIntLocalArray(2 * LOCAL_SIZE);
        int[] highs = context.allocateIntLocalArray(2 * LOCAL_SIZE);
        int live = update < updates.get(0) ? 1 : 0;
        int at = LIST_HEAD + update * live * LIST_INTS;
        int tokens = local & (PAIRS - 1);
        int place = updates.get(at + 3);
        int target = first + updates.get(at + 2) * groupInts(headDim) + place;
        int limit = live * headDim;
        for (int j = 0; j < limit; j += UPDATED_CHANNELS) {
            int channel = j + (local >>> 3);
            for (int c = 0; c < 2; c++) {
                int slot = updates.get(at + c);
                int low = 0xffff;
                int high = 0;
                if (slot != NONE && channel < headDim) {
                    int pair = keys.get(first + (slot * headDim + channel) * PAIRS + tokens);
                    int even = ordered(pair & 0xffff);
                    int odd = ordered((pair >> 16) & 0xffff);
                    low = TornadoMath.min(even, odd);
                    high = TornadoMath.max(even, odd);
                }
                lows[c * LOCAL_SIZE + local] = low;
                highs[c * LOCAL_SIZE + local] = high;
            }
            context.localBarrier();
            if (tokens == 0 && channel < headDim) {
                int min = target + channel * PAIRS;
                int max = min + headDim * PAIRS;
                int mins = 0;
                int maxs = 0;
                if (updates.get(at) == NONE || updates.get(at + 1) == NONE) {
                    mins = abstracts.get(min);
                    maxs = abstracts.get(max);
                }
                for (int c = 0; c < 2; c++) {
                    int low = 0xffff;
                    int high = 0;
                    for (int i = 0; i < PAIRS; i++) {
                        low = TornadoMath.min(low, lows[c * LOCAL_SIZE + local + i]);
                        high = TornadoMath.max(high, highs[c * LOCAL_SIZE + local + i]);
                    }
                    if (updates.get(at + c) != NONE) {
                        int kept = c == 0 ? 0xffff0000 : 0xffff;
                        mins = (mins & kept) | (plain(low) << (16 * c));
                        maxs = (maxs & kept) | (plain(high) << (16 * c));
                    }
                }
                abstracts.set(min, mins);
                abstracts.set(max, maxs);
            }
            context.localBarrier();
        }
    }

    /** The grid of {@link #update}: a group an entry. */
    public static WorkerGrid updateGrid(int maxUpdates) {
        return grid(maxUpdates);
    }

    /**
     * Makes groups of 8 bits of full ones of fp16: minima at most, maxima at least the numbers that they stand for.
     *
     * @param list number of entries, then from {@link #LIST_HEAD} for each: number of the group in {@code abstracts}, number of
     *     the group in {@code bytes}
     */
    public static void encode(
            KernelContext context, IntArray list, IntArray abstracts, IntArray bytes, int first, int headDim) {
        int local = context.localIdx;
        int entry = context.groupIdx;
        float[] lows = context.allocateFloatLocalArray(LOCAL_SIZE);
        float[] highs = context.allocateFloatLocalArray(LOCAL_SIZE);
        int[] codes = context.allocateIntLocalArray(2 * LOCAL_SIZE);
        int[] offsets = context.allocateIntLocalArray(ENCODED_CHANNELS);
        int[] steps = context.allocateIntLocalArray(ENCODED_CHANNELS);
        int live = entry < list.get(0) ? 1 : 0;
        int at = LIST_HEAD + entry * live * LIST_INTS;
        int from = first + list.get(at) * groupInts(headDim);
        int to = first + list.get(at + 1) * byteGroupInts(headDim);
        int limit = live * headDim;
        int row = local >>> 4;
        int chunk = local & (AbstractLayout.CHUNKS - 1);
        for (int j = 0; j < limit; j += ENCODED_CHANNELS) {
            int pair = from + (j + row) * PAIRS + (chunk >>> 1);
            int shift = 16 * (chunk & 1);
            float min = PackedHalves.number((abstracts.get(pair) >> shift) & 0xffff);
            float max = PackedHalves.number((abstracts.get(pair + headDim * PAIRS) >> shift) & 0xffff);
            lows[local] = min;
            highs[local] = max;
            context.localBarrier();
            float low = min;
            float high = max;
            for (int i = 0; i < AbstractLayout.CHUNKS; i++) {
                low = TornadoMath.min(low, lows[row * AbstractLayout.CHUNKS + i]);
                high = TornadoMath.max(high, highs[row * AbstractLayout.CHUNKS + i]);
            }
            int stepBits = stepBits(low, high);
            float step = PackedHalves.number(stepBits);
            codes[local] = codeBelow(low, step, min);
            codes[LOCAL_SIZE + local] = codeAbove(low, step, max);
            if (chunk == 0) {
                offsets[row] = PackedHalves.bits(low);
                steps[row] = stepBits;
            }
            context.localBarrier();
            if ((chunk & 3) == 0) {
                int out = to + headDim + (j + row) * 4 + (chunk >>> 2);
                bytes.set(
                        out,
                        codes[local] | (codes[local + 1] << 8) | (codes[local + 2] << 16) | (codes[local + 3] << 24));
                int maxima = LOCAL_SIZE + local;
                bytes.set(
                        out + headDim * 4,
                        codes[maxima]
                                | (codes[maxima + 1] << 8)
                                | (codes[maxima + 2] << 16)
                                | (codes[maxima + 3] << 24));
            }
            if (local < ENCODED_CHANNELS / 2) {
                bytes.set(to + j / 2 + local, offsets[2 * local] | (offsets[2 * local + 1] << 16));
                bytes.set(to + (headDim + j) / 2 + local, steps[2 * local] | (steps[2 * local + 1] << 16));
            }
            context.localBarrier();
        }
    }

    /** The grid of {@link #encode}: a group an entry. */
    public static WorkerGrid encodeGrid(int maxGroups) {
        return grid(maxGroups);
    }

    private static WorkerGrid grid(int groups) {
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(groups, LOCAL_SIZE));
        grid.setLocalWork(LOCAL_SIZE, 1, 1);
        return grid;
    }

    /** Bits of fp16 in an order that integers have: those of negative numbers complemented, those of others raised. */
    private static int ordered(int bits) {
        return bits ^ (0x8000 + (bits >> 15) * 0x7fff);
    }

    private static int plain(int ordered) {
        return ordered ^ (0xffff - (ordered >> 15) * 0x7fff);
    }

    /** The number that a code of 8 bits stands for; the product is exact, so this rounds once. */
    static float decode(float offset, float step, int code) {
        return TornadoMath.min(offset + step * (float) code, ByteAbstractLayout.MAX_HALF);
    }

    /** The step with which the largest code reaches {@code high}, one too small by rounding is raised. */
    private static int stepBits(float low, float high) {
        int bits = PackedHalves.bits((high - low) / CODES);
        for (int i = 0; i < 2; i++) {
            bits += decode(low, PackedHalves.number(bits), CODES) < high ? 1 : 0;
        }
        return bits;
    }

    private static int codeBelow(float offset, float step, float value) {
        int code = estimate(offset, step, value);
        for (int i = 0; i < 2; i++) {
            code -= code > 0 && decode(offset, step, code) > value ? 1 : 0;
        }
        return code;
    }

    private static int codeAbove(float offset, float step, float value) {
        int code = estimate(offset, step, value);
        for (int i = 0; i < 2; i++) {
            code += code < CODES && decode(offset, step, code) < value ? 1 : 0;
        }
        return code;
    }

    private static int estimate(float offset, float step, float value) {
        int code = step > 0f ? (int) ((value - offset) / step) : 0;
        return TornadoMath.min(code, CODES);
    }
}
