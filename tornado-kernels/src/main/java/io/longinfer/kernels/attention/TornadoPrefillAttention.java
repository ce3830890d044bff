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
 * Device kernel of attention of many rows: a work-group takes a tile of rows and a KV head, goes through the list of their
 * segment and decodes each chunk once into local memory for all queries of the tile. Continues the running state that {@link
 * TornadoMergeAttention} describes, and writes what would be attended if this call were the last.
 *
 * <p>A query is a row and a query head: {@code m = row of the tile * group + head of the group}. Local memory holds
 *
 * <pre>
 * query   [headDim][queries]
 * chunk   [headDim][tokens + 1] keys, then [tokens][headDim] values
 * scores  [queries][tokens + 1], then weights
 * </pre>
 *
 * <p>Chunks are taken in pairs from the list's start, so a row's result does not depend on what else is in its tile. An item
 * takes 4 queries, and of them 2 tokens' scores at a time, then 4 channels, all in single variables; items of one {@code
 * queryItem} work on the same queries.
 */
public final class TornadoPrefillAttention {
    private static final int PAIRS = ChunkLayout.TOKENS / 2;

    private TornadoPrefillAttention() {}

    /** Most rows of a tile: what {@link StepLayout}'s tiles are cut to. */
    public static int tileRows(int group, int headDim) {
        return PrefillShape.TAKEN * PrefillShape.queryItems(headDim) / group;
    }

    /**
     * Attends {@code step[TILES]} tiles.
     *
     * @param tiles as {@link StepLayout} says, of at most {@link #tileRows} rows
     * @param windows {@code [layers]}: most tokens that a query sees, {@link Integer#MAX_VALUE} for all
     * @param queries {@code [rows][heads][headDim]} from {@code first}, scaled
     * @param keys the pool's, as {@link TornadoKvKernels} says
     * @param group query heads of a KV head, 1 to 16
     */
    public static void prefill(
            KernelContext context,
            IntArray step,
            IntArray table,
            IntArray tiles,
            IntArray windows,
            FloatArray queries,
            IntArray keys,
            IntArray values,
            FloatArray softmax,
            FloatArray accumulators,
            FloatArray attended,
            int first,
            int kvHeads,
            int group,
            int headDim) {
        int local = context.localIdx;
        int lanes = PrefillShape.lanes(headDim);
        int queryItems = PrefillShape.queryItems(headDim);
        int items = lanes * queryItems;
        int lane = local & (lanes - 1);
        int queryItem = local / lanes;
        int work = context.groupIdx;
        int tile = work / kvHeads;
        int head = work - tile * kvHeads;

        int most = PrefillShape.TAKEN * queryItems;
        int tokens = PrefillShape.chunksOfBatch(headDim) * ChunkLayout.TOKENS;
        int stride = tokens + 1;
        float[] query = context.allocateFloatLocalArray(headDim * most);
        float[] chunk = context.allocateFloatLocalArray(headDim * stride);
        float[] scores = context.allocateFloatLocalArray(most * stride);
        float[] factors = context.allocateFloatLocalArray(most);

        int live = tile < step.get(StepLayout.TILES) ? 1 : 0;
        int at = tile * live * StepLayout.TILE_INTS;
        int firstRow = tiles.get(at);
        int count = tiles.get(at + 1) * group * live;
        int list = (tiles.get(at + 2) * kvHeads + head) * StepLayout.ENTRY_INTS;
        int firstEntry = table.get(list);
        int size = table.get(list + 1) * live;
        int firstPosition = step.get(StepLayout.FIRST_ROW + firstRow * StepLayout.ROW_INTS + StepLayout.POSITION);
        int lastPosition = firstPosition + count / group - 1;
        int window = windows.get(step.get(StepLayout.LAYER));
        int fresh = step.get(StepLayout.FRESH);
        int firstState = (firstRow * kvHeads + head) * group;
        int rowStates = kvHeads * group;
        // Not constant, so that TornadoVM leaves these loops loops.
        int channels = live * headDim;
        int keysOfBatch = live * tokens;
        int intsOfBatch = live * (headDim * tokens / 2);

        for (int i = local; i < headDim * most; i += items) {
            int m = i / headDim;
            int j = i - m * headDim;
            float q = 0f;
            if (m < count) {
                int state = firstState + m / group * rowStates + m % group;
                q = queries.get(first + state * headDim + j);
            }
            query[j * most + m] = q;
        }
        float max = AttentionState.FLOOR;
        float sum = 0f;
        if (fresh == 0 && local < count) {
            int state = firstState + local / group * rowStates + local % group;
            max = softmax.get(2 * state);
            sum = softmax.get(2 * state + 1);
        }
        int channel0 = TornadoMath.min(lane, headDim - 1);
        int channel1 = TornadoMath.min(lane + lanes, headDim - 1);
        int channel2 = TornadoMath.min(lane + 2 * lanes, headDim - 1);
        int channel3 = TornadoMath.min(lane + 3 * lanes, headDim - 1);
        int query0 = queryItem;
        int query1 = queryItem + queryItems;
        int query2 = queryItem + 2 * queryItems;
        int query3 = queryItem + 3 * queryItems;
        int state0 = first + (firstState + query0 / group * rowStates + query0 % group) * headDim;
        int state1 = first + (firstState + query1 / group * rowStates + query1 % group) * headDim;
        int state2 = first + (firstState + query2 / group * rowStates + query2 % group) * headDim;
        int state3 = first + (firstState + query3 / group * rowStates + query3 % group) * headDim;
        int kept0 = fresh == 0 && query0 < count ? 1 : 0;
        int kept1 = fresh == 0 && query1 < count ? 1 : 0;
        int kept2 = fresh == 0 && query2 < count ? 1 : 0;
        int kept3 = fresh == 0 && query3 < count ? 1 : 0;
        float x00 = kept(accumulators, state0 + channel0, kept0);
        float x01 = kept(accumulators, state0 + channel1, kept0);
        float x02 = kept(accumulators, state0 + channel2, kept0);
        float x03 = kept(accumulators, state0 + channel3, kept0);
        float x10 = kept(accumulators, state1 + channel0, kept1);
        float x11 = kept(accumulators, state1 + channel1, kept1);
        float x12 = kept(accumulators, state1 + channel2, kept1);
        float x13 = kept(accumulators, state1 + channel3, kept1);
        float x20 = kept(accumulators, state2 + channel0, kept2);
        float x21 = kept(accumulators, state2 + channel1, kept2);
        float x22 = kept(accumulators, state2 + channel2, kept2);
        float x23 = kept(accumulators, state2 + channel3, kept2);
        float x30 = kept(accumulators, state3 + channel0, kept3);
        float x31 = kept(accumulators, state3 + channel1, kept3);
        float x32 = kept(accumulators, state3 + channel2, kept3);
        float x33 = kept(accumulators, state3 + channel3, kept3);

        int batch = PrefillShape.chunksOfBatch(headDim);
        for (int entry = 0; entry < size; entry += batch) {
            int seen = seen(table, firstEntry, size, entry, batch, firstPosition, lastPosition, window);
            if (seen == 1) {
                for (int i = local; i < intsOfBatch; i += items) {
                    int c = i / (headDim * PAIRS);
                    int rest = i - c * headDim * PAIRS;
                    int e = TornadoMath.min(entry + c, size - 1);
                    int slot = table.get(firstEntry + e * StepLayout.ENTRY_INTS);
                    int pair = keys.get(first + slot * headDim * PAIRS + rest);
                    int to = (rest >>> 3) * stride + c * ChunkLayout.TOKENS + 2 * (rest & (PAIRS - 1));
                    chunk[to] = PackedHalves.low(pair);
                    chunk[to + 1] = PackedHalves.high(pair);
                }
            }
            context.localBarrier();
            if (seen == 1) {
                for (int k = lane; k < keysOfBatch; k += 2 * lanes) {
                    float d00 = 0f;
                    float d01 = 0f;
                    float d10 = 0f;
                    float d11 = 0f;
                    float d20 = 0f;
                    float d21 = 0f;
                    float d30 = 0f;
                    float d31 = 0f;
                    for (int j = 0; j < channels; j += 2) {
                        for (int u = 0; u < 2; u++) {
                            int key = (j + u) * stride + k;
                            int q = (j + u) * most + queryItem;
                            float key0 = chunk[key];
                            d00 += query[q] * key0;
                            d10 += query[q + queryItems] * key0;
                            d20 += query[q + 2 * queryItems] * key0;
                            d30 += query[q + 3 * queryItems] * key0;
                            if (2 * lanes <= tokens) {
                                float key1 = chunk[key + lanes];
                                d01 += query[q] * key1;
                                d11 += query[q + queryItems] * key1;
                                d21 += query[q + 2 * queryItems] * key1;
                                d31 += query[q + 3 * queryItems] * key1;
                            }
                        }
                    }
                    scores[query0 * stride + k] = d00;
                    scores[query1 * stride + k] = d10;
                    scores[query2 * stride + k] = d20;
                    scores[query3 * stride + k] = d30;
                    if (2 * lanes <= tokens) {
                        scores[query0 * stride + k + lanes] = d01;
                        scores[query1 * stride + k + lanes] = d11;
                        scores[query2 * stride + k + lanes] = d21;
                        scores[query3 * stride + k + lanes] = d31;
                    }
                }
            }
            context.localBarrier();
            if (seen == 1) {
                for (int i = local; i < intsOfBatch; i += items) {
                    int c = i / (headDim * PAIRS);
                    int rest = i - c * headDim * PAIRS;
                    int e = TornadoMath.min(entry + c, size - 1);
                    int slot = table.get(firstEntry + e * StepLayout.ENTRY_INTS);
                    int pair = values.get(first + slot * headDim * PAIRS + rest);
                    chunk[2 * i] = PackedHalves.low(pair);
                    chunk[2 * i + 1] = PackedHalves.high(pair);
                }
                if (local < most) {
                    int position = firstPosition + local / group;
                    float larger = max;
                    for (int k = 0; k < keysOfBatch; k++) {
                        int e = entry + k / ChunkLayout.TOKENS;
                        int key = position + 1; // seen by nobody
                        if (e < size) {
                            key = table.get(firstEntry + e * StepLayout.ENTRY_INTS + 1) + k % ChunkLayout.TOKENS;
                        }
                        float score = scores[local * stride + k];
                        float visible = key <= position && key > position - window ? score : 2 * AttentionState.FLOOR;
                        scores[local * stride + k] = visible;
                        larger = TornadoMath.max(larger, visible);
                    }
                    float factor = TornadoMath.exp(max - larger);
                    float total = 0f;
                    for (int k = 0; k < keysOfBatch; k++) {
                        float weight = TornadoMath.exp(scores[local * stride + k] - larger);
                        scores[local * stride + k] = weight;
                        total += weight;
                    }
                    factors[local] = factor;
                    sum = sum * factor + total;
                    max = larger;
                }
            }
            context.localBarrier();
            if (seen == 1) {
                float factor0 = factors[query0];
                float factor1 = factors[query1];
                float factor2 = factors[query2];
                float factor3 = factors[query3];
                x00 *= factor0;
                x01 *= factor0;
                x02 *= factor0;
                x03 *= factor0;
                x10 *= factor1;
                x11 *= factor1;
                x12 *= factor1;
                x13 *= factor1;
                x20 *= factor2;
                x21 *= factor2;
                x22 *= factor2;
                x23 *= factor2;
                x30 *= factor3;
                x31 *= factor3;
                x32 *= factor3;
                x33 *= factor3;
                for (int k = 0; k < keysOfBatch; k++) {
                    float value0 = chunk[k * headDim + channel0];
                    float value1 = chunk[k * headDim + channel1];
                    float value2 = chunk[k * headDim + channel2];
                    float value3 = chunk[k * headDim + channel3];
                    float weight0 = scores[query0 * stride + k];
                    x00 += weight0 * value0;
                    x01 += weight0 * value1;
                    x02 += weight0 * value2;
                    x03 += weight0 * value3;
                    float weight1 = scores[query1 * stride + k];
                    x10 += weight1 * value0;
                    x11 += weight1 * value1;
                    x12 += weight1 * value2;
                    x13 += weight1 * value3;
                    float weight2 = scores[query2 * stride + k];
                    x20 += weight2 * value0;
                    x21 += weight2 * value1;
                    x22 += weight2 * value2;
                    x23 += weight2 * value3;
                    float weight3 = scores[query3 * stride + k];
                    x30 += weight3 * value0;
                    x31 += weight3 * value1;
                    x32 += weight3 * value2;
                    x33 += weight3 * value3;
                }
            }
            context.localBarrier();
        }

        if (local < count) {
            int state = firstState + local / group * rowStates + local % group;
            softmax.set(2 * state, max);
            softmax.set(2 * state + 1, sum);
            factors[local] = sum > 0f ? 1f / sum : 0f;
        }
        context.localBarrier();
        if (query0 < count) {
            if (lane < headDim) {
                store(accumulators, attended, state0 + channel0, x00, factors[query0]);
            }
            if (lane + lanes < headDim) {
                store(accumulators, attended, state0 + channel1, x01, factors[query0]);
            }
            if (lane + 2 * lanes < headDim) {
                store(accumulators, attended, state0 + channel2, x02, factors[query0]);
            }
            if (lane + 3 * lanes < headDim) {
                store(accumulators, attended, state0 + channel3, x03, factors[query0]);
            }
        }
        if (query1 < count) {
            if (lane < headDim) {
                store(accumulators, attended, state1 + channel0, x10, factors[query1]);
            }
            if (lane + lanes < headDim) {
                store(accumulators, attended, state1 + channel1, x11, factors[query1]);
            }
            if (lane + 2 * lanes < headDim) {
                store(accumulators, attended, state1 + channel2, x12, factors[query1]);
            }
            if (lane + 3 * lanes < headDim) {
                store(accumulators, attended, state1 + channel3, x13, factors[query1]);
            }
        }
        if (query2 < count) {
            if (lane < headDim) {
                store(accumulators, attended, state2 + channel0, x20, factors[query2]);
            }
            if (lane + lanes < headDim) {
                store(accumulators, attended, state2 + channel1, x21, factors[query2]);
            }
            if (lane + 2 * lanes < headDim) {
                store(accumulators, attended, state2 + channel2, x22, factors[query2]);
            }
            if (lane + 3 * lanes < headDim) {
                store(accumulators, attended, state2 + channel3, x23, factors[query2]);
            }
        }
        if (query3 < count) {
            if (lane < headDim) {
                store(accumulators, attended, state3 + channel0, x30, factors[query3]);
            }
            if (lane + lanes < headDim) {
                store(accumulators, attended, state3 + channel1, x31, factors[query3]);
            }
            if (lane + 2 * lanes < headDim) {
                store(accumulators, attended, state3 + channel2, x32, factors[query3]);
            }
            if (lane + 3 * lanes < headDim) {
                store(accumulators, attended, state3 + channel3, x33, factors[query3]);
            }
        }
    }

    /** What an accumulator holds from calls before, if there were any. */
    private static float kept(FloatArray accumulators, int at, int kept) {
        float x = 0f;
        if (kept == 1) {
            x = accumulators.get(at);
        }
        return x;
    }

    private static void store(FloatArray accumulators, FloatArray attended, int at, float x, float inverse) {
        accumulators.set(at, x);
        attended.set(at, x * inverse);
    }

    /** Whether some query of the tile may see a token of a batch: 1 or 0. */
    private static int seen(
            IntArray table,
            int firstEntry,
            int size,
            int entry,
            int batch,
            int firstPosition,
            int lastPosition,
            int window) {
        int seen = 0;
        for (int c = 0; c < batch; c++) {
            int e = TornadoMath.min(entry + c, size - 1);
            int start = table.get(firstEntry + e * StepLayout.ENTRY_INTS + 1);
            // By arithmetic: TornadoVM's OpenCL backend loses a negation where conditions are joined over and over.
            int begun = start <= lastPosition ? 1 : 0;
            int kept = start + ChunkLayout.TOKENS - 1 > firstPosition - window ? 1 : 0;
            seen = TornadoMath.max(seen, begun * kept);
        }
        return seen;
    }

    /** The grid of {@link #prefill}. */
    public static WorkerGrid grid(int kvHeads, int headDim, int maxTiles) {
        int localSize = PrefillShape.lanes(headDim) * PrefillShape.queryItems(headDim);
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(Math.multiplyExact(maxTiles, kvHeads), localSize));
        grid.setLocalWork(localSize, 1, 1);
        return grid;
    }
}
