package io.longinfer.kernels.attention;

import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device kernel of attention of single rows over the block table, split over the context (flash decoding): a work-group takes
 * a row, a KV head and a split of its list, and all query heads of the group with it, so that a chunk is read once. Within a
 * work-group {@link #SUB_GROUPS} sub-groups of {@link #LANES} items take chunks side by side, each with a softmax of its own;
 * they are merged at the end. {@link TornadoMergeAttention} merges the splits.
 *
 * <p>A row's result depends on its own list, its position and the number of splits, not on what else is in the block.
 */
public final class TornadoDecodeAttention {
    /** As {@code format}: the pool's chunks are halves, keys and values apart. */
    public static final int FP16 = 0;

    /** Work-items of a group. */
    static final int LOCAL_SIZE = 128;

    /** Items that read a chunk together. */
    static final int LANES = 32;

    /** Chunks that are read side by side. */
    static final int SUB_GROUPS = LOCAL_SIZE / LANES;

    /** Pairs of tokens of a chunk: as many items share a channel of the keys. */
    private static final int PAIRS = ChunkLayout.TOKENS / 2;

    /** Channels of the keys that a sub-group reads at once. */
    private static final int CHANNELS = LANES / PAIRS;

    /** Channels that a lane takes at once, to have as many loads on their way; headDim is a multiple of 8. */
    private static final int UNROLL = 2;

    private TornadoDecodeAttention() {}

    /**
     * Attends. Query heads of one KV head are neighbours: head h belongs to KV head h / group.
     *
     * @param windows {@code [layers]}: most tokens that a query sees, {@link Integer#MAX_VALUE} for all
     * @param queries {@code [rows][heads][headDim]} from {@code first}, scaled
     * @param keys the pool's, as {@link TornadoKvKernels} says
     * @param partialSoftmax receives {@code [rows][heads][splits][2]}: largest score and sum of exp(score - largest)
     * @param partials receives {@code [rows][heads][splits][headDim]} from {@code first}: sum of exp(score - largest) * value
     * @param record receives, if {@code step[RECORD]} is set, {@code [entries][group][2]} from entry {@code
     *     step[FIRST_RECORD]}: a chunk's largest score and its sum of exp(score - largest); the segments then have one row each
     * @param group query heads of a KV head, 1 to 16
     * @param format {@link #FP16}
     * @param decoding of {@link PackedHalves}
     * @param shuffles not 0 to add up scores by shuffles among 32 lanes instead of local memory
     */
    public static void decode(
            KernelContext context,
            IntArray step,
            IntArray table,
            IntArray windows,
            FloatArray queries,
            IntArray keys,
            IntArray values,
            FloatArray partialSoftmax,
            FloatArray partials,
            FloatArray record,
            int first,
            int kvHeads,
            int group,
            int headDim,
            int splits,
            int format,
            int decoding,
            int shuffles) {
        int local = context.localIdx;
        int lane = local & (LANES - 1);
        int subGroup = local >>> 5;
        int work = context.groupIdx;
        int split = work % splits;
        int rowHead = work / splits;
        int row = rowHead / kvHeads;
        int head = rowHead - row * kvHeads;

        int chunks = chunksOfSubGroup(group);
        int pairs = SUB_GROUPS * chunks * group;
        int stride = pairs | 1; // so that neighbouring tokens lie in different banks
        int parts = shuffles != 0 ? 1 : CHANNELS;
        int columns = (headDim / 2 + LANES - 1) / LANES;
        float[] query = context.allocateFloatLocalArray(group * headDim);
        float[] scores = context.allocateFloatLocalArray(parts * ChunkLayout.TOKENS * stride);
        float[] weights = context.allocateFloatLocalArray(ChunkLayout.TOKENS * stride);
        float[] maxima = context.allocateFloatLocalArray(pairs);
        float[] sums = context.allocateFloatLocalArray(pairs);
        float[] max = new float[group];
        float[] sum = new float[group];
        float[] accumulator = new float[2 * columns * group];
        float[] dots = new float[2 * chunks * group];
        float[] factors = new float[chunks * group];
        int[] bases = new int[chunks];

        int rows = step.get(StepLayout.ROWS);
        int live = row < rows ? 1 : 0;
        int at = StepLayout.FIRST_ROW + row * live * StepLayout.ROW_INTS;
        int position = step.get(at + StepLayout.POSITION);
        int list = (step.get(at + StepLayout.SEGMENT) * kvHeads + head) * StepLayout.ENTRY_INTS;
        int firstEntry = table.get(list);
        int size = table.get(list + 1) * live;
        int batch = SUB_GROUPS * chunks;
        int share = (size + splits * batch - 1) / (splits * batch) * batch;
        int from = TornadoMath.min(split * share, size);
        int to = TornadoMath.min(from + share, size);
        int window = windows.get(step.get(StepLayout.LAYER));
        int firstRecord = step.get(StepLayout.FIRST_RECORD)
                + firstEntry / StepLayout.ENTRY_INTS
                - step.get(StepLayout.SEGMENTS) * kvHeads;
        int recorded = step.get(StepLayout.RECORD);

        for (int i = local; i < group * headDim; i += LOCAL_SIZE) {
            int g = i / headDim;
            query[(i - g * headDim) * group + g] = queries.get(first + rowHead * live * group * headDim + i);
        }
        for (int g = 0; g < group; g++) {
            max[g] = AttentionState.FLOOR;
            sum[g] = 0f;
        }
        for (int i = 0; i < 2 * columns * group; i++) {
            accumulator[i] = 0f;
        }
        context.localBarrier();

        for (int entry = from; entry < to; entry += batch) {
            int mine = entry + subGroup * chunks;
            if (mine < to) {
                for (int c = 0; c < chunks; c++) {
                    int e = TornadoMath.min(mine + c, to - 1);
                    bases[c] = first + table.get(firstEntry + e * StepLayout.ENTRY_INTS) * headDim * PAIRS;
                }
                for (int i = 0; i < 2 * chunks * group; i++) {
                    dots[i] = 0f;
                }
                for (int i = 0; i < headDim / CHANNELS; i += UNROLL) {
                    for (int u = 0; u < UNROLL; u++) {
                        int channel = (i + u) * CHANNELS + (lane >>> 3);
                        for (int c = 0; c < chunks; c++) {
                            int pair = keys.get(bases[c] + (i + u) * LANES + lane);
                            float even = PackedHalves.low(pair, decoding);
                            float odd = PackedHalves.high(pair, decoding);
                            for (int g = 0; g < group; g++) {
                                float q = query[channel * group + g];
                                dots[2 * (c * group + g)] += q * even;
                                dots[2 * (c * group + g) + 1] += q * odd;
                            }
                        }
                    }
                }
                int token = 2 * (lane & (PAIRS - 1));
                for (int i = 0; i < chunks * group; i++) {
                    float even = dots[2 * i];
                    float odd = dots[2 * i + 1];
                    if (shuffles != 0) {
                        even += context.simdShuffleDown(even, 16);
                        odd += context.simdShuffleDown(odd, 16);
                        even += context.simdShuffleDown(even, 8);
                        odd += context.simdShuffleDown(odd, 8);
                    }
                    int part = shuffles != 0 ? 0 : lane >>> 3;
                    if (shuffles == 0 || lane < PAIRS) {
                        int to0 = (part * ChunkLayout.TOKENS + token) * stride + subGroup * chunks * group + i;
                        scores[to0] = even;
                        scores[to0 + stride] = odd;
                    }
                }
            }
            context.localBarrier();
            if (local < pairs) {
                // One item makes weights of the scores of a chunk and query head, relative to their maximum.
                int chunk = local / group;
                int e = entry + chunk;
                int firstPosition = position + 1; // of what nobody sees
                if (e < to) {
                    firstPosition = table.get(firstEntry + e * StepLayout.ENTRY_INTS + 1);
                }
                float chunkMax = AttentionState.FLOOR;
                for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                    float score = 2 * AttentionState.FLOOR;
                    if (firstPosition + t <= position && firstPosition + t > position - window) {
                        score = 0f;
                        for (int part = 0; part < parts; part++) {
                            score += scores[(part * ChunkLayout.TOKENS + t) * stride + local];
                        }
                    }
                    weights[t * stride + local] = score;
                    chunkMax = TornadoMath.max(chunkMax, score);
                }
                float chunkSum = 0f;
                for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                    float weight = TornadoMath.exp(weights[t * stride + local] - chunkMax);
                    weights[t * stride + local] = weight;
                    chunkSum += weight;
                }
                if (recorded != 0 && e < to) {
                    int out = 2 * ((firstRecord + e) * group + local - chunk * group);
                    record.set(out, chunkMax);
                    record.set(out + 1, chunkSum);
                }
                maxima[local] = chunkMax;
                sums[local] = chunkSum;
            }
            context.localBarrier();
            if (mine < to) {
                for (int g = 0; g < group; g++) {
                    float old = max[g];
                    float larger = old;
                    for (int c = 0; c < chunks; c++) {
                        larger = TornadoMath.max(larger, maxima[(subGroup * chunks + c) * group + g]);
                    }
                    float scale = TornadoMath.exp(old - larger);
                    float total = sum[g] * scale;
                    for (int c = 0; c < chunks; c++) {
                        int i = (subGroup * chunks + c) * group + g;
                        float factor = TornadoMath.exp(maxima[i] - larger);
                        factors[c * group + g] = factor;
                        total += factor * sums[i];
                    }
                    max[g] = larger;
                    sum[g] = total;
                    for (int j = 0; j < columns; j++) {
                        accumulator[2 * (j * group + g)] *= scale;
                        accumulator[2 * (j * group + g) + 1] *= scale;
                    }
                }
                for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                    for (int c = 0; c < chunks; c++) {
                        for (int j = 0; j < columns; j++) {
                            int pair = values.get(bases[c] + t * (headDim / 2) + column(lane, j, headDim));
                            float even = PackedHalves.low(pair, decoding);
                            float odd = PackedHalves.high(pair, decoding);
                            for (int g = 0; g < group; g++) {
                                float weight = weights[t * stride + (subGroup * chunks + c) * group + g]
                                        * factors[c * group + g];
                                accumulator[2 * (j * group + g)] += weight * even;
                                accumulator[2 * (j * group + g) + 1] += weight * odd;
                            }
                        }
                    }
                }
            }
        }

        // Merge of the sub-groups; the query's room takes the sums.
        context.localBarrier();
        if (lane == 0) {
            for (int g = 0; g < group; g++) {
                maxima[subGroup * group + g] = max[g];
                sums[subGroup * group + g] = sum[g];
            }
        }
        for (int s = 0; s < SUB_GROUPS; s++) {
            context.localBarrier();
            if (subGroup == s) {
                for (int g = 0; g < group; g++) {
                    float larger = max[g];
                    for (int other = 0; other < SUB_GROUPS; other++) {
                        larger = TornadoMath.max(larger, maxima[other * group + g]);
                    }
                    float scale = TornadoMath.exp(max[g] - larger);
                    for (int j = 0; j < columns; j++) {
                        int channel = 2 * (lane + LANES * j);
                        if (channel < headDim) {
                            float even = accumulator[2 * (j * group + g)] * scale;
                            float odd = accumulator[2 * (j * group + g) + 1] * scale;
                            if (s > 0) {
                                even += query[g * headDim + channel];
                                odd += query[g * headDim + channel + 1];
                            }
                            query[g * headDim + channel] = even;
                            query[g * headDim + channel + 1] = odd;
                        }
                    }
                }
            }
        }
        context.localBarrier();
        if (live == 1) {
            for (int i = local; i < group * headDim; i += LOCAL_SIZE) {
                int g = i / headDim;
                int out = (rowHead * group + g) * splits + split;
                partials.set(first + out * headDim + i - g * headDim, query[i]);
            }
            if (local < group) {
                float larger = AttentionState.FLOOR;
                for (int s = 0; s < SUB_GROUPS; s++) {
                    larger = TornadoMath.max(larger, maxima[s * group + local]);
                }
                float total = 0f;
                for (int s = 0; s < SUB_GROUPS; s++) {
                    total += sums[s * group + local] * TornadoMath.exp(maxima[s * group + local] - larger);
                }
                int out = (rowHead * group + local) * splits + split;
                partialSoftmax.set(2 * out, larger);
                partialSoftmax.set(2 * out + 1, total);
            }
        }
    }

    /** Int of a row of values that a lane reads; lanes beyond the row repeat its last. */
    private static int column(int lane, int j, int headDim) {
        int column = lane + LANES * j;
        return headDim % (2 * LANES) == 0 ? column : TornadoMath.min(column, headDim / 2 - 1);
    }

    /** Chunks that a sub-group takes at once: a query's channel is fetched once for all of them. */
    private static int chunksOfSubGroup(int group) {
        return group <= 2 ? 4 : (group <= 4 ? 2 : 1);
    }

    /** The grid of {@link #decode}. */
    public static WorkerGrid grid(int kvHeads, int group, int headDim, int splits, int maxRows) {
        int groups = Math.multiplyExact(Math.multiplyExact(maxRows, kvHeads), splits);
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(groups, LOCAL_SIZE));
        grid.setLocalWork(LOCAL_SIZE, 1, 1);
        return grid;
    }
}
