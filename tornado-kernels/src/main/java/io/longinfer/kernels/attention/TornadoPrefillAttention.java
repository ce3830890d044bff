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
 * <p>Chunks are taken in pairs from the list's start, so a row's result does not depend on what else is in its tile.
 */
public final class TornadoPrefillAttention {
    /** Work-items of a group. */
    static final int LOCAL_SIZE = 128;

    /** Items that share queries, and work on different tokens or channels. */
    private static final int LANES = 8;

    /** Items that work on different queries. */
    private static final int QUERY_ITEMS = LOCAL_SIZE / LANES;

    private static final int PAIRS = ChunkLayout.TOKENS / 2;

    private TornadoPrefillAttention() {}

    /** Most rows of a tile: what {@link StepLayout}'s tiles are cut to. */
    public static int tileRows(int group, int headDim) {
        return queriesOfTile(headDim) / group;
    }

    /**
     * Attends {@code step[TILES]} tiles.
     *
     * @param tiles as {@link StepLayout} says, of at most {@link #tileRows} rows
     * @param windows {@code [layers]}: most tokens that a query sees, {@link Integer#MAX_VALUE} for all
     * @param queries {@code [rows][heads][headDim]} from {@code first}, scaled
     * @param keys the pool's, as {@link TornadoKvKernels} says
     * @param group query heads of a KV head, 1 to 16
     * @param decoding of {@link PackedHalves}
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
            int headDim,
            int decoding) {
        int local = context.localIdx;
        int lane = local & (LANES - 1);
        int queryItem = local >>> 3;
        int work = context.groupIdx;
        int tile = work / kvHeads;
        int head = work - tile * kvHeads;

        int most = queriesOfTile(headDim);
        int tokens = chunksOfBatch(headDim) * ChunkLayout.TOKENS;
        int mine = most / QUERY_ITEMS;
        int lanesTokens = tokens / LANES;
        int channels = headDim / LANES;
        float[] query = context.allocateFloatLocalArray(headDim * most);
        float[] chunk = context.allocateFloatLocalArray(headDim * (tokens + 1));
        float[] scores = context.allocateFloatLocalArray(most * (tokens + 1));
        float[] factors = context.allocateFloatLocalArray(most);
        float[] dots = new float[mine * lanesTokens];
        float[] accumulator = new float[mine * channels];

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
        // Query m is row stateRow(m) of the state.
        int firstState = (firstRow * kvHeads + head) * group;
        int rowStates = kvHeads * group;

        for (int i = local; i < headDim * most; i += LOCAL_SIZE) {
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
        for (int a = 0; a < mine; a++) {
            int m = queryItem + a * QUERY_ITEMS;
            int state = firstState + m / group * rowStates + m % group;
            for (int j = 0; j < channels; j++) {
                float old = 0f;
                if (fresh == 0 && m < count) {
                    old = accumulators.get(first + state * headDim + lane + j * LANES);
                }
                accumulator[a * channels + j] = old;
            }
        }

        int entry = nextSeen(table, firstEntry, size, 0, tokens, firstPosition, lastPosition, window);
        while (entry < size) {
            for (int i = local; i < headDim * tokens / 2; i += LOCAL_SIZE) {
                int c = i / (headDim * PAIRS);
                int rest = i - c * headDim * PAIRS;
                int e = TornadoMath.min(entry + c, size - 1);
                int slot = table.get(firstEntry + e * StepLayout.ENTRY_INTS);
                int pair = keys.get(first + slot * headDim * PAIRS + rest);
                int to = (rest >>> 3) * (tokens + 1) + c * ChunkLayout.TOKENS + 2 * (rest & (PAIRS - 1));
                chunk[to] = PackedHalves.low(pair, decoding);
                chunk[to + 1] = PackedHalves.high(pair, decoding);
            }
            context.localBarrier();
            for (int i = 0; i < mine * lanesTokens; i++) {
                dots[i] = 0f;
            }
            for (int j = 0; j < headDim; j++) {
                for (int b = 0; b < lanesTokens; b++) {
                    float key = chunk[j * (tokens + 1) + lane + b * LANES];
                    for (int a = 0; a < mine; a++) {
                        dots[a * lanesTokens + b] += query[j * most + queryItem + a * QUERY_ITEMS] * key;
                    }
                }
            }
            for (int a = 0; a < mine; a++) {
                for (int b = 0; b < lanesTokens; b++) {
                    int to = (queryItem + a * QUERY_ITEMS) * (tokens + 1) + lane + b * LANES;
                    scores[to] = dots[a * lanesTokens + b];
                }
            }
            context.localBarrier();
            for (int i = local; i < headDim * tokens / 2; i += LOCAL_SIZE) {
                int c = i / (headDim * PAIRS);
                int rest = i - c * headDim * PAIRS;
                int e = TornadoMath.min(entry + c, size - 1);
                int slot = table.get(firstEntry + e * StepLayout.ENTRY_INTS);
                int pair = values.get(first + slot * headDim * PAIRS + rest);
                chunk[2 * i] = PackedHalves.low(pair, decoding);
                chunk[2 * i + 1] = PackedHalves.high(pair, decoding);
            }
            if (local < most) {
                int position = firstPosition + local / group;
                float larger = max;
                for (int k = 0; k < tokens; k++) {
                    int e = entry + k / ChunkLayout.TOKENS;
                    int key = position + 1; // seen by nobody
                    if (e < size) {
                        key = table.get(firstEntry + e * StepLayout.ENTRY_INTS + 1) + k % ChunkLayout.TOKENS;
                    }
                    float score = scores[local * (tokens + 1) + k];
                    float seen = key <= position && key > position - window ? score : 2 * AttentionState.FLOOR;
                    scores[local * (tokens + 1) + k] = seen;
                    larger = TornadoMath.max(larger, seen);
                }
                float factor = TornadoMath.exp(max - larger);
                float total = 0f;
                for (int k = 0; k < tokens; k++) {
                    float weight = TornadoMath.exp(scores[local * (tokens + 1) + k] - larger);
                    scores[local * (tokens + 1) + k] = weight;
                    total += weight;
                }
                factors[local] = factor;
                sum = sum * factor + total;
                max = larger;
            }
            context.localBarrier();
            for (int a = 0; a < mine; a++) {
                float factor = factors[queryItem + a * QUERY_ITEMS];
                for (int j = 0; j < channels; j++) {
                    accumulator[a * channels + j] *= factor;
                }
            }
            for (int k = 0; k < tokens; k++) {
                for (int j = 0; j < channels; j++) {
                    float value = chunk[k * headDim + lane + j * LANES];
                    for (int a = 0; a < mine; a++) {
                        accumulator[a * channels + j] +=
                                scores[(queryItem + a * QUERY_ITEMS) * (tokens + 1) + k] * value;
                    }
                }
            }
            context.localBarrier();
            entry = nextSeen(
                    table,
                    firstEntry,
                    size,
                    entry + chunksOfBatch(headDim),
                    tokens,
                    firstPosition,
                    lastPosition,
                    window);
        }

        if (local < count) {
            int state = firstState + local / group * rowStates + local % group;
            softmax.set(2 * state, max);
            softmax.set(2 * state + 1, sum);
            factors[local] = sum > 0f ? 1f / sum : 0f;
        }
        context.localBarrier();
        for (int a = 0; a < mine; a++) {
            int m = queryItem + a * QUERY_ITEMS;
            if (m < count) {
                int state = firstState + m / group * rowStates + m % group;
                float inverse = factors[m];
                for (int j = 0; j < channels; j++) {
                    float x = accumulator[a * channels + j];
                    accumulators.set(first + state * headDim + lane + j * LANES, x);
                    attended.set(first + state * headDim + lane + j * LANES, x * inverse);
                }
            }
        }
    }

    /** The first batch from {@code entry} on of which some query of the tile may see a token. */
    private static int nextSeen(
            IntArray table,
            int firstEntry,
            int size,
            int entry,
            int tokens,
            int firstPosition,
            int lastPosition,
            int window) {
        int batch = tokens / ChunkLayout.TOKENS;
        int next = entry;
        int seen = 0;
        while (seen == 0 && next < size) {
            for (int c = 0; c < batch; c++) {
                int e = TornadoMath.min(next + c, size - 1);
                int start = table.get(firstEntry + e * StepLayout.ENTRY_INTS + 1);
                if (start <= lastPosition && start + ChunkLayout.TOKENS - 1 > firstPosition - window) {
                    seen = 1;
                }
            }
            next += seen == 0 ? batch : 0;
        }
        return next;
    }

    /** Queries of a tile: as many as local memory has room for. */
    private static int queriesOfTile(int headDim) {
        return headDim <= 64 ? 64 : (headDim <= 128 ? 32 : 16);
    }

    /** Chunks that are in local memory at once. */
    private static int chunksOfBatch(int headDim) {
        return headDim <= 128 ? 2 : 1;
    }

    /** The grid of {@link #prefill}. */
    public static WorkerGrid grid(int kvHeads, int headDim, int maxTiles) {
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(Math.multiplyExact(maxTiles, kvHeads), LOCAL_SIZE));
        grid.setLocalWork(LOCAL_SIZE, 1, 1);
        return grid;
    }
}
