package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decode attention of one token over closed chunks, shared out over the threads: each KV head's chunks are cut in parts of
 * {@link RecordedMass#PART}, each part has a softmax of its own, and the parts are merged in order (flash decoding). So sums
 * depend neither on how many threads there are nor on which of them is first. Remembers, when asked, what each chunk
 * weighed. Not thread-safe.
 */
final class PastAttention {
    private final DecoderShape shape;
    private final int group;
    private final int headDim;
    private final ChunkLayout layout;
    private final AttentionKernels kernels;
    private final WorkerPool workers;
    private final ChunkList[] lists;
    private final WorkerPool.Task task = this::attendPart;

    /** {@code [segments]}: the calls of the layer at hand, of which the first {@link #callCounts} count. */
    private final List<List<RecordedMass>> calls = new ArrayList<>();

    private final int[] callCounts;

    /** {@code [parts][group]} rows. */
    private AttentionState partial;

    private boolean record;
    private boolean recordTokens;

    // The job at hand.
    private int window;
    private float[] queries;
    private int queryOffset;
    private int position;
    private CpuKvPool pool;
    private BlockTable table;
    private RecordedMass call;

    PastAttention(DecoderShape shape, AttentionKernels kernels, WorkerPool workers, int sequences) {
        this.shape = shape;
        this.kernels = kernels;
        this.workers = workers;
        group = shape.group();
        headDim = shape.headDim();
        layout = new ChunkLayout(headDim);
        lists = ChunkLists.forEach(workers);
        for (int i = 0; i < sequences; i++) {
            calls.add(new ArrayList<>());
        }
        callCounts = new int[sequences];
        partial = new AttentionState(4 * shape.heads(), headDim);
    }

    /** Starts a layer: forgets what was remembered of the last one. */
    void begin() {
        Arrays.fill(callCounts, 0);
    }

    void recordMass(boolean record) {
        this.record = record;
    }

    void recordTokens(boolean on) {
        recordTokens = on;
    }

    /**
     * Attends the table's chunks with one token of a segment.
     *
     * @param queries {@code [heads][headDim]} from {@code queryOffset}
     * @param state receives the result, its rows from {@code stateRow} by query head
     */
    void attend(
            int layer,
            int segment,
            float[] queries,
            int queryOffset,
            int position,
            CpuKvPool pool,
            BlockTable table,
            AttentionState state,
            int stateRow) {
        window = shape.window(layer);
        this.queries = queries;
        this.queryOffset = queryOffset;
        this.position = position;
        this.pool = pool;
        this.table = table;
        call = nextCall(segment);
        call.begin(table, record || recordTokens, recordTokens);
        int parts = call.parts();
        if (partial.rows() < parts * group) {
            partial = new AttentionState(2 * parts * group, headDim);
        }
        partial.reset(parts * group);
        workers.forEach(parts, task);
        for (int head = 0; head < table.kvHeads(); head++) {
            for (int part = call.firstPart(head); part < call.firstPart(head + 1); part++) {
                call.keepMaxima(part, partial);
                for (int g = 0; g < group; g++) {
                    merge(part * group + g, state, stateRow + head * group + g);
                }
            }
        }
    }

    private RecordedMass nextCall(int segment) {
        List<RecordedMass> ofSegment = calls.get(segment);
        if (callCounts[segment] == ofSegment.size()) {
            ofSegment.add(new RecordedMass(table.kvHeads(), group));
        }
        return ofSegment.get(callCounts[segment]++);
    }

    private void attendPart(int part, int worker) {
        int head = call.head(part);
        int from = (part - call.firstPart(head)) * RecordedMass.PART;
        int to = Math.min(table.size(head), from + RecordedMass.PART);
        ChunkList list = lists[worker];
        ChunkLists.list(pool, table, head, from, to, window, list);
        int q = queryOffset + head * group * headDim;
        int row = part * group;
        if (call.byToken()) {
            kernels.decodeByToken(layout, queries, q, group, position, list, partial, row, call.target(part));
        } else {
            kernels.decode(layout, queries, q, group, position, list, partial, row, call.target(part));
        }
    }

    private void merge(int from, AttentionState to, int row) {
        float max = Math.max(partial.max()[from], to.max()[row]);
        float scaleFrom = (float) Math.exp(partial.max()[from] - max);
        float scaleTo = (float) Math.exp(to.max()[row] - max);
        to.max()[row] = max;
        to.sum()[row] = to.sum()[row] * scaleTo + partial.sum()[from] * scaleFrom;
        float[] source = partial.accumulator();
        float[] target = to.accumulator();
        int sourceAt = from * headDim;
        int targetAt = row * headDim;
        for (int j = 0; j < headDim; j++) {
            target[targetAt + j] = target[targetAt + j] * scaleTo + source[sourceAt + j] * scaleFrom;
        }
    }

    /**
     * The mass of one entry against the final softmax, averaged over the head's group.
     *
     * @param stateRow row of the segment's first query head in {@code finished}
     */
    float mass(int segment, int callIndex, int head, int entry, AttentionState finished, int stateRow) {
        return call(segment, callIndex).mass(head, entry, finished, stateRow + head * group);
    }

    /** The masses of one entry's tokens, likewise. */
    void tokenMasses(
            int segment,
            int callIndex,
            int head,
            int entry,
            AttentionState finished,
            int stateRow,
            float[] target,
            int offset) {
        call(segment, callIndex).tokenMasses(head, entry, finished, stateRow + head * group, target, offset);
    }

    private RecordedMass call(int segment, int index) {
        if (index >= callCounts[segment]) {
            throw new IllegalStateException("segment " + segment + " attended " + callCounts[segment]
                    + " times in this layer, there is no call " + index);
        }
        return calls.get(segment).get(index);
    }
}
