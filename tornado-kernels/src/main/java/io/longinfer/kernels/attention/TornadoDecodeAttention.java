package io.longinfer.kernels.attention;

import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device kernel of attention of single rows over the block table, split over the context (flash decoding): a work-group takes
 * a row, a KV head and a split of its list, and all query heads of the group with it, so that a chunk is read once. {@link
 * TornadoMergeAttention} merges the splits.
 *
 * <p>It goes through its entries a few chunks at a time, in three phases with barriers between them:
 *
 * <pre>
 * scores    32 items a chunk, each 2 tokens and a quarter of the channels, up to 4 query heads
 * weights   an item a chunk and query head: exp(score - the chunk's maximum), and their sum
 * values    a team of items a token, each 2 channels, up to 4 query heads, and for these the running softmax
 * </pre>
 *
 * <p>A row's result depends on its own list, its position and the number of splits, not on what else is in the block.
 *
 * <p>The kernel is one long method because TornadoVM's local arrays do not survive being handed to another one; and what an
 * item adds up is in single variables because stores to a private array stay in the loop.
 */
public final class TornadoDecodeAttention {
    /** Pairs of tokens of a chunk: as many items share a channel of the keys. */
    private static final int PAIRS = ChunkLayout.TOKENS / 2;

    /** Channels of the keys that 32 items read at once. */
    private static final int CHANNELS = DecodeShape.LANES / PAIRS;

    private TornadoDecodeAttention() {}

    /**
     * Attends. Query heads of one KV head are neighbours: head h belongs to KV head h / group.
     *
     * @param windows {@code [layers]}: most tokens that a query sees, {@link Integer#MAX_VALUE} for all
     * @param queries {@code [rows][heads][headDim]} from {@code first}, scaled
     * @param keys the pool's, as {@link PoolFormat} says
     * @param values the pool's; the same array as {@code keys} if quantised
     * @param partialSoftmax receives {@code [rows][heads][splits][2]}: largest score and sum of exp(score - largest)
     * @param partials receives {@code [rows][heads][splits][headDim]} from {@code first}: sum of exp(score - largest) * value
     * @param record receives, if {@code step[RECORD]} is set, {@code [entries][group][2]} from entry {@code
     *     step[FIRST_RECORD]}: a chunk's largest score and its sum of exp(score - largest); the segments then have one row each
     * @param group query heads of a KV head, 1 to 16
     * @param format of {@link PoolFormat}
     * @param shuffles not 0 to add up scores by shuffles among 32 items instead of in local memory
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
            int shuffles) {
        int local = context.localIdx;
        int work = context.groupIdx;
        int split = work % splits;
        int rowHead = work / splits;
        int row = rowHead / kvHeads;
        int head = rowHead - row * kvHeads;

        int items = DecodeShape.localSize(group, headDim);
        int itemHeads = DecodeShape.headsOfItem(group);
        int headItems = DecodeShape.headItems(group);
        int heads = DecodeShape.heads(group);
        int chunks = DecodeShape.chunks(group, headDim);
        int pairs = chunks * heads;
        int stride = pairs | 1; // so that neighbouring tokens lie in different banks
        int parts = shuffles != 0 ? 1 : CHANNELS;
        int slotInts = PoolFormat.slotInts(headDim, format);
        int unroll = headDim % (4 * CHANNELS) == 0 ? 4 : 2;
        float[] query = context.allocateFloatLocalArray(headDim * heads);
        float[] scores = context.allocateFloatLocalArray(parts * ChunkLayout.TOKENS * stride);
        float[] weights = context.allocateFloatLocalArray(ChunkLayout.TOKENS * stride);
        float[] maxima = context.allocateFloatLocalArray(pairs);
        float[] sums = context.allocateFloatLocalArray(pairs);
        int[] slots = context.allocateIntLocalArray(chunks);

        int live = row < step.get(StepLayout.ROWS) ? 1 : 0;
        int at = StepLayout.FIRST_ROW + row * live * StepLayout.ROW_INTS;
        int position = step.get(at + StepLayout.POSITION);
        int list = (step.get(at + StepLayout.SEGMENT) * kvHeads + head) * StepLayout.ENTRY_INTS;
        int firstEntry = table.get(list);
        int size = table.get(list + 1) * live;
        int share = (size + splits * chunks - 1) / (splits * chunks) * chunks;
        int from = TornadoMath.min(split * share, size);
        int to = TornadoMath.min(from + share, size);
        int window = windows.get(step.get(StepLayout.LAYER));
        int recorded = step.get(StepLayout.RECORD);
        int firstRecord = step.get(StepLayout.FIRST_RECORD)
                + firstEntry / StepLayout.ENTRY_INTS
                - step.get(StepLayout.SEGMENTS) * kvHeads;

        // Not constant, so that TornadoVM leaves these loops loops: unrolled, they are too much for some compilers.
        int steps = live * (headDim / CHANNELS);
        int chunkTokens = live * ChunkLayout.TOKENS;

        for (int i = local; i < headDim * heads; i += items) {
            int g = i / headDim;
            int j = i - g * headDim;
            float q = 0f;
            if (g < group) {
                q = queries.get(first + (rowHead * live * group + g) * headDim + j);
            }
            query[j * heads + g] = q;
        }
        // For scores.
        int lane = local & (DecodeShape.LANES - 1);
        int chunk = (local >>> 5) / headItems;
        int firstHead = (local >>> 5) % headItems * itemHeads;
        int pair = lane & (PAIRS - 1);
        int part = lane >>> 3;
        // For weights.
        int pairChunk = local / heads;
        int pairHead = local - pairChunk * heads;
        // For values.
        int width = DecodeShape.width(headDim);
        int teams = DecodeShape.teams(group, headDim);
        int rows = DecodeShape.rows(group, headDim);
        int column = local & (width - 1);
        int valueHead = local / width % headItems * itemHeads;
        int team = local / (width * headItems);
        int readColumn = 2 * width == headDim ? column : TornadoMath.min(column, headDim / 2 - 1);
        float max0 = AttentionState.FLOOR;
        float sum0 = 0f;
        float max1 = AttentionState.FLOOR;
        float sum1 = 0f;
        float max2 = AttentionState.FLOOR;
        float sum2 = 0f;
        float max3 = AttentionState.FLOOR;
        float sum3 = 0f;
        float even0 = 0f;
        float even1 = 0f;
        float even2 = 0f;
        float even3 = 0f;
        float odd0 = 0f;
        float odd1 = 0f;
        float odd2 = 0f;
        float odd3 = 0f;
        context.localBarrier();

        for (int entry = from; entry < to; entry += chunks) {
            if (entry + chunk < to) {
                int slot = first + table.get(firstEntry + (entry + chunk) * StepLayout.ENTRY_INTS) * slotInts;
                float a0 = 0f;
                float a1 = 0f;
                float a2 = 0f;
                float a3 = 0f;
                float b0 = 0f;
                float b1 = 0f;
                float b2 = 0f;
                float b3 = 0f;
                for (int i = 0; i < steps; i += unroll) {
                    for (int u = 0; u < unroll; u++) {
                        int channel = (i + u) * CHANNELS + part;
                        int parameters = PoolFormat.keyParameters(keys, slot, channel, format);
                        int packed = PoolFormat.keys(keys, slot, headDim, channel, pair, format);
                        float offset = PoolFormat.offset(parameters, format);
                        float even = PoolFormat.even(packed, parameters, offset, format);
                        float odd = PoolFormat.odd(packed, parameters, offset, format);
                        int q = channel * heads + firstHead;
                        a0 += query[q] * even;
                        b0 += query[q] * odd;
                        if (itemHeads > 1) {
                            a1 += query[q + 1] * even;
                            b1 += query[q + 1] * odd;
                        }
                        if (itemHeads > 2) {
                            a2 += query[q + 2] * even;
                            b2 += query[q + 2] * odd;
                        }
                        if (itemHeads > 3) {
                            a3 += query[q + 3] * even;
                            b3 += query[q + 3] * odd;
                        }
                    }
                }
                if (shuffles != 0) {
                    a0 = addUp(context, a0);
                    b0 = addUp(context, b0);
                    if (itemHeads > 1) {
                        a1 = addUp(context, a1);
                        b1 = addUp(context, b1);
                    }
                    if (itemHeads > 2) {
                        a2 = addUp(context, a2);
                        b2 = addUp(context, b2);
                    }
                    if (itemHeads > 3) {
                        a3 = addUp(context, a3);
                        b3 = addUp(context, b3);
                    }
                }
                if (part < parts) {
                    int out = (part * ChunkLayout.TOKENS + 2 * pair) * stride + chunk * heads + firstHead;
                    scores[out] = a0;
                    scores[out + stride] = b0;
                    if (itemHeads > 1) {
                        scores[out + 1] = a1;
                        scores[out + stride + 1] = b1;
                    }
                    if (itemHeads > 2) {
                        scores[out + 2] = a2;
                        scores[out + stride + 2] = b2;
                    }
                    if (itemHeads > 3) {
                        scores[out + 3] = a3;
                        scores[out + stride + 3] = b3;
                    }
                }
            }
            context.localBarrier();
            if (local < pairs) {
                int e = TornadoMath.min(entry + pairChunk, to - 1);
                int firstPosition = table.get(firstEntry + e * StepLayout.ENTRY_INTS + 1);
                int mask = table.get(firstEntry + e * StepLayout.ENTRY_INTS + 2);
                if (pairHead == 0) {
                    slots[pairChunk] = first + table.get(firstEntry + e * StepLayout.ENTRY_INTS) * slotInts;
                }
                firstPosition = entry + pairChunk < to ? firstPosition : position + 1; // of what nobody sees
                float chunkMax = AttentionState.FLOOR;
                for (int t = 0; t < chunkTokens; t++) {
                    float score = 2 * AttentionState.FLOOR;
                    if (firstPosition + t <= position
                            && firstPosition + t > position - window
                            && (mask >> t & 1) == 1) {
                        score = 0f;
                        for (int p = 0; p < parts; p++) {
                            score += scores[(p * ChunkLayout.TOKENS + t) * stride + local];
                        }
                    }
                    weights[t * stride + local] = score;
                    chunkMax = TornadoMath.max(chunkMax, score);
                }
                float chunkSum = 0f;
                for (int t = 0; t < chunkTokens; t++) {
                    float weight = TornadoMath.exp(weights[t * stride + local] - chunkMax);
                    weights[t * stride + local] = weight;
                    chunkSum += weight;
                }
                maxima[local] = chunkMax;
                sums[local] = chunkSum;
                if (recorded != 0 && entry + pairChunk < to && pairHead < group) {
                    int out = 2 * ((firstRecord + e) * group + pairHead);
                    record.set(out, chunkMax);
                    record.set(out + 1, chunkSum);
                }
            }
            context.localBarrier();
            int batch = TornadoMath.min(to - entry, chunks);
            float old0 = max0;
            float old1 = max1;
            float old2 = max2;
            float old3 = max3;
            for (int c = 0; c < batch; c++) {
                max0 = TornadoMath.max(max0, maxima[c * heads + valueHead]);
                if (itemHeads > 1) {
                    max1 = TornadoMath.max(max1, maxima[c * heads + valueHead + 1]);
                }
                if (itemHeads > 2) {
                    max2 = TornadoMath.max(max2, maxima[c * heads + valueHead + 2]);
                }
                if (itemHeads > 3) {
                    max3 = TornadoMath.max(max3, maxima[c * heads + valueHead + 3]);
                }
            }
            float scale0 = TornadoMath.exp(old0 - max0);
            sum0 *= scale0;
            even0 *= scale0;
            odd0 *= scale0;
            if (itemHeads > 1) {
                float scale1 = TornadoMath.exp(old1 - max1);
                sum1 *= scale1;
                even1 *= scale1;
                odd1 *= scale1;
            }
            if (itemHeads > 2) {
                float scale2 = TornadoMath.exp(old2 - max2);
                sum2 *= scale2;
                even2 *= scale2;
                odd2 *= scale2;
            }
            if (itemHeads > 3) {
                float scale3 = TornadoMath.exp(old3 - max3);
                sum3 *= scale3;
                even3 *= scale3;
                odd3 *= scale3;
            }
            for (int c = 0; c < batch; c++) {
                int slot = slots[c];
                float factor0 = TornadoMath.exp(maxima[c * heads + valueHead] - max0);
                sum0 += factor0 * sums[c * heads + valueHead];
                float factor1 = 0f;
                if (itemHeads > 1) {
                    factor1 = TornadoMath.exp(maxima[c * heads + valueHead + 1] - max1);
                    sum1 += factor1 * sums[c * heads + valueHead + 1];
                }
                float factor2 = 0f;
                if (itemHeads > 2) {
                    factor2 = TornadoMath.exp(maxima[c * heads + valueHead + 2] - max2);
                    sum2 += factor2 * sums[c * heads + valueHead + 2];
                }
                float factor3 = 0f;
                if (itemHeads > 3) {
                    factor3 = TornadoMath.exp(maxima[c * heads + valueHead + 3] - max3);
                    sum3 += factor3 * sums[c * heads + valueHead + 3];
                }
                for (int t = team; t < chunkTokens; t += teams * rows) {
                    for (int u = 0; u < rows; u++) {
                        int token = t + u * teams;
                        int parameters = PoolFormat.valueParameters(values, slot, headDim, token, format);
                        int packed = PoolFormat.values(values, slot, headDim, token, readColumn, format);
                        float offset = PoolFormat.offset(parameters, format);
                        float even = PoolFormat.even(packed, parameters, offset, format);
                        float odd = PoolFormat.odd(packed, parameters, offset, format);
                        int at0 = token * stride + c * heads + valueHead;
                        float weight0 = weights[at0] * factor0;
                        even0 += weight0 * even;
                        odd0 += weight0 * odd;
                        if (itemHeads > 1) {
                            float weight1 = weights[at0 + 1] * factor1;
                            even1 += weight1 * even;
                            odd1 += weight1 * odd;
                        }
                        if (itemHeads > 2) {
                            float weight2 = weights[at0 + 2] * factor2;
                            even2 += weight2 * even;
                            odd2 += weight2 * odd;
                        }
                        if (itemHeads > 3) {
                            float weight3 = weights[at0 + 3] * factor3;
                            even3 += weight3 * even;
                            odd3 += weight3 * odd;
                        }
                    }
                }
            }
        }

        // The teams add up what they have, one after the other, in the query's room.
        int out = valueHead * headDim + 2 * column;
        for (int t = 0; t < teams; t++) {
            context.localBarrier();
            if (team == t && 2 * column < headDim) {
                query[out] = t == 0 ? even0 : query[out] + even0;
                query[out + 1] = t == 0 ? odd0 : query[out + 1] + odd0;
                if (itemHeads > 1) {
                    query[out + headDim] = t == 0 ? even1 : query[out + headDim] + even1;
                    query[out + headDim + 1] = t == 0 ? odd1 : query[out + headDim + 1] + odd1;
                }
                if (itemHeads > 2) {
                    query[out + 2 * headDim] = t == 0 ? even2 : query[out + 2 * headDim] + even2;
                    query[out + 2 * headDim + 1] = t == 0 ? odd2 : query[out + 2 * headDim + 1] + odd2;
                }
                if (itemHeads > 3) {
                    query[out + 3 * headDim] = t == 0 ? even3 : query[out + 3 * headDim] + even3;
                    query[out + 3 * headDim + 1] = t == 0 ? odd3 : query[out + 3 * headDim + 1] + odd3;
                }
            }
        }
        context.localBarrier();
        if (live == 1) {
            for (int i = local; i < group * headDim; i += items) {
                int g = i / headDim;
                partials.set(first + ((rowHead * group + g) * splits + split) * headDim + i - g * headDim, query[i]);
            }
            int softmax = 2 * ((rowHead * group + valueHead) * splits + split);
            if (team == 0 && column == 0) {
                if (valueHead < group) {
                    partialSoftmax.set(softmax, max0);
                    partialSoftmax.set(softmax + 1, sum0);
                }
                if (itemHeads > 1 && valueHead + 1 < group) {
                    partialSoftmax.set(softmax + 2 * splits, max1);
                    partialSoftmax.set(softmax + 2 * splits + 1, sum1);
                }
                if (itemHeads > 2 && valueHead + 2 < group) {
                    partialSoftmax.set(softmax + 4 * splits, max2);
                    partialSoftmax.set(softmax + 4 * splits + 1, sum2);
                }
                if (itemHeads > 3 && valueHead + 3 < group) {
                    partialSoftmax.set(softmax + 6 * splits, max3);
                    partialSoftmax.set(softmax + 6 * splits + 1, sum3);
                }
            }
        }
    }

    /** Adds up what the items of the four quarters of the channels have; the first quarter's have it then. */
    private static float addUp(KernelContext context, float x) {
        float half = x + context.simdShuffleDown(x, 2 * PAIRS);
        return half + context.simdShuffleDown(half, PAIRS);
    }

    /** The grid of {@link #decode}. */
    public static WorkerGrid grid(int kvHeads, int group, int headDim, int splits, int maxRows) {
        int groups = Math.multiplyExact(Math.multiplyExact(maxRows, kvHeads), splits);
        int localSize = DecodeShape.localSize(group, headDim);
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(groups, localSize));
        grid.setLocalWork(localSize, 1, 1);
        return grid;
    }
}
