package io.longinfer.kernels.abstracts;

import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device kernel of bounds of scores over groups of abstracts as {@link TornadoAbstracts} lays them: 32 items take a group of 16
 * chunks, each 2 chunks, a quarter of the channels and up to 4 query heads. Sums are in one order whatever the precision, so
 * that a wider box never gets a smaller bound.
 */
public final class TornadoBounds {
    /** As {@code sign}: upper bounds, {@code sum_j max(q_j min_j, q_j max_j)}. */
    public static final int UPPER = 1;

    /** As {@code sign}: lower bounds, {@code sum_j min(q_j min_j, q_j max_j)}. */
    public static final int LOWER = -1;

    /** As {@code precision}: groups of fp16. */
    public static final int FP16 = 0;

    /** As {@code precision}: groups of 8 bits. */
    public static final int INT8 = 1;

    private static final int LOCAL_SIZE = 128;
    private static final int LANES = 32;
    private static final int CHUNKS = AbstractLayout.CHUNKS;
    private static final int PAIRS = CHUNKS / 2;
    private static final int CHANNELS = LANES / PAIRS;

    private TornadoBounds() {}

    /**
     * Bounds of the scores of the query heads of a KV head over consecutive groups.
     *
     * @param lists number of lists, then from {@link TornadoAbstracts#LIST_HEAD} for each: number of its first group, groups, row
     *     of the queries, KV head
     * @param queries {@code [rows][heads][headDim]} from {@code first}
     * @param abstracts groups of {@code precision}
     * @param bounds receives {@code [lists][group][16 maxGroups]} from {@code first}; beyond a list's groups nothing is written
     * @param group query heads of a KV head, 1 to 16
     * @param sign {@link #UPPER} or {@link #LOWER}
     */
    public static void bounds(
            KernelContext context,
            IntArray lists,
            FloatArray queries,
            IntArray abstracts,
            FloatArray bounds,
            int first,
            int kvHeads,
            int group,
            int headDim,
            int maxGroups,
            int sign,
            int precision) {
        int local = context.localIdx;
        int work = context.groupIdx;
        int headItems = headItems(group);
        int itemHeads = group < 4 ? group : 4;
        int heads = headItems * itemHeads;
        int taken = taken(group);
        int blocks = (maxGroups + taken - 1) / taken;
        int list = work / blocks;
        int block = work - list * blocks;
        float[] query = context.allocateFloatLocalArray(headDim * heads);
        float[] parts = context.allocateFloatLocalArray(CHANNELS * taken * heads * CHUNKS);

        int live = list < lists.get(0) ? 1 : 0;
        int at = TornadoAbstracts.LIST_HEAD + list * live * TornadoAbstracts.LIST_INTS;
        int groups = lists.get(at + 1) * live;
        int firstQuery = first + (lists.get(at + 2) * kvHeads + lists.get(at + 3)) * group * headDim;
        for (int i = local; i < headDim * heads; i += LOCAL_SIZE) {
            int g = i / headDim;
            float q = 0f;
            if (g < group) {
                q = (float) sign * queries.get(firstQuery + i);
            }
            query[(i - g * headDim) * heads + g] = q;
        }
        context.localBarrier();

        int lane = local & (LANES - 1);
        int part = lane >>> 3;
        int pair = lane & (PAIRS - 1);
        int mine = (local >>> 5) / headItems;
        int firstHead = (local >>> 5) % headItems * itemHeads;
        int number = block * taken + mine;
        if (number < groups) {
            int ints =
                    precision == FP16 ? TornadoAbstracts.groupInts(headDim) : TornadoAbstracts.byteGroupInts(headDim);
            int base = first + (lists.get(at) + number) * ints;
            int steps = live * headDim / CHANNELS;
            float a0 = 0f;
            float a1 = 0f;
            float a2 = 0f;
            float a3 = 0f;
            float b0 = 0f;
            float b1 = 0f;
            float b2 = 0f;
            float b3 = 0f;
            for (int i = 0; i < steps; i += 2) {
                for (int u = 0; u < 2; u++) {
                    int channel = (i + u) * CHANNELS + part;
                    int parameters = parameters(abstracts, base, channel, headDim, precision);
                    int mins = packed(abstracts, base, channel, pair, headDim, precision);
                    int maxs = packed(abstracts, base, headDim + channel, pair, headDim, precision);
                    float min0 = number(mins & 0xffff, parameters, precision);
                    float max0 = number(maxs & 0xffff, parameters, precision);
                    float min1 = number((mins >> 16) & 0xffff, parameters, precision);
                    float max1 = number((maxs >> 16) & 0xffff, parameters, precision);
                    int q = channel * heads + firstHead;
                    a0 += TornadoMath.max(query[q] * min0, query[q] * max0);
                    b0 += TornadoMath.max(query[q] * min1, query[q] * max1);
                    if (itemHeads > 1) {
                        a1 += TornadoMath.max(query[q + 1] * min0, query[q + 1] * max0);
                        b1 += TornadoMath.max(query[q + 1] * min1, query[q + 1] * max1);
                    }
                    if (itemHeads > 2) {
                        a2 += TornadoMath.max(query[q + 2] * min0, query[q + 2] * max0);
                        b2 += TornadoMath.max(query[q + 2] * min1, query[q + 2] * max1);
                    }
                    if (itemHeads > 3) {
                        a3 += TornadoMath.max(query[q + 3] * min0, query[q + 3] * max0);
                        b3 += TornadoMath.max(query[q + 3] * min1, query[q + 3] * max1);
                    }
                }
            }
            int out = ((part * taken + mine) * heads + firstHead) * CHUNKS + 2 * pair;
            parts[out] = a0;
            parts[out + 1] = b0;
            if (itemHeads > 1) {
                parts[out + CHUNKS] = a1;
                parts[out + CHUNKS + 1] = b1;
            }
            if (itemHeads > 2) {
                parts[out + 2 * CHUNKS] = a2;
                parts[out + 2 * CHUNKS + 1] = b2;
            }
            if (itemHeads > 3) {
                parts[out + 3 * CHUNKS] = a3;
                parts[out + 3 * CHUNKS + 1] = b3;
            }
        }
        context.localBarrier();
        // By query head, so that neighbouring items write neighbouring bounds.
        for (int i = local; i < taken * heads * CHUNKS; i += LOCAL_SIZE) {
            int g = i / (taken * CHUNKS);
            int rest = i - g * taken * CHUNKS;
            int t = rest >>> 4;
            int from = (t * heads + g) * CHUNKS + (rest & (CHUNKS - 1));
            if (g < group && block * taken + t < groups) {
                int stride = taken * heads * CHUNKS;
                float sum = parts[from];
                sum += parts[from + stride];
                sum += parts[from + 2 * stride];
                sum += parts[from + 3 * stride];
                int to = first + ((list * group + g) * maxGroups + block * taken) * CHUNKS + rest;
                bounds.set(to, (float) sign * sum);
            }
        }
    }

    /** The grid of {@link #bounds}. */
    public static WorkerGrid grid(int maxLists, int group, int maxGroups) {
        int blocks = Math.ceilDiv(maxGroups, taken(group));
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(Math.multiplyExact(maxLists, blocks), LOCAL_SIZE));
        grid.setLocalWork(LOCAL_SIZE, 1, 1);
        return grid;
    }

    /** Items among which the query heads are shared out. */
    private static int headItems(int group) {
        return group <= 4 ? 1 : (group <= 8 ? 2 : 4);
    }

    /** Groups of abstracts that a work-group takes. */
    private static int taken(int group) {
        return LOCAL_SIZE / (LANES * headItems(group));
    }

    /** Offset and step of a channel, packed halves; 0 for fp16. */
    private static int parameters(IntArray groups, int base, int channel, int headDim, int precision) {
        int shift = 16 * (channel & 1);
        return precision == FP16
                ? 0
                : ((groups.get(base + (channel >>> 1)) >> shift) & 0xffff)
                        | (((groups.get(base + headDim / 2 + (channel >>> 1)) >> shift) & 0xffff) << 16);
    }

    /** Two neighbouring chunks' halves, or codes in the halves of an int; row headDim + j holds the maxima of channel j. */
    private static int packed(IntArray groups, int base, int row, int pair, int headDim, int precision) {
        return precision == FP16
                ? groups.get(base + row * PAIRS + pair)
                : spread(groups.get(base + headDim + row * (CHUNKS / 4) + (pair >>> 1)), 16 * (pair & 1));
    }

    private static int spread(int codes, int shift) {
        return ((codes >> shift) & 0xff) | (((codes >> (shift + 8)) & 0xff) << 16);
    }

    private static float number(int bits, int parameters, int precision) {
        return precision == FP16
                ? PackedHalves.number(bits)
                : TornadoAbstracts.decode(PackedHalves.low(parameters), PackedHalves.high(parameters), bits);
    }
}
