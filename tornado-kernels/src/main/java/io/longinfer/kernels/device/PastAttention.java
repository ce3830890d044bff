package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import java.util.ArrayList;
import java.util.List;

/**
 * Decode attention of one token over closed chunks, shared out over the threads: each KV head's chunks are cut in parts,
 * each part has a softmax of its own, and the parts are merged (flash decoding). Remembers, when asked, what each chunk
 * weighed. Not thread-safe.
 */
final class PastAttention {
    /** Fewer chunks than this in a part cost more to hand out than to attend. */
    private static final int LEAST_CHUNKS = 16;

    private final DecoderShape shape;
    private final ChunkLayout layout;
    private final AttentionKernels kernels;
    private final WorkerPool workers;
    private final int parts;
    private final ChunkList[] lists;
    private final AttentionState[] partial;
    private final WorkerPool.Task task = this::attendPart;
    private final List<Call> calls = new ArrayList<>();
    private int callCount;
    private boolean record;

    private float[] queries;
    private int position;
    private CpuKvPool pool;
    private BlockTable table;
    private Call call;

    PastAttention(DecoderShape shape, AttentionKernels kernels, WorkerPool workers) {
        this.shape = shape;
        this.kernels = kernels;
        this.workers = workers;
        layout = new ChunkLayout(shape.headDim());
        // Parts even the load out where KV heads do not: three heads on two threads would leave one idle half the time.
        parts = shape.kvHeads() % workers.threads() == 0 ? 1 : 2 * workers.threads();
        lists = new ChunkList[shape.kvHeads() * parts];
        partial = new AttentionState[lists.length];
        for (int i = 0; i < lists.length; i++) {
            lists[i] = new ChunkList();
            partial[i] = new AttentionState(shape.group(), shape.headDim());
        }
    }

    /** Starts a layer: forgets what was remembered of the last one. */
    void begin() {
        callCount = 0;
    }

    void recordMass(boolean record) {
        this.record = record;
    }

    /** Attends the table's chunks and merges the result into {@code state}, rows by query head. */
    void attend(float[] queries, int position, CpuKvPool pool, BlockTable table, AttentionState state) {
        this.queries = queries;
        this.position = position;
        this.pool = pool;
        this.table = table;
        if (callCount == calls.size()) {
            calls.add(new Call(lists.length, shape.group()));
        }
        call = calls.get(callCount++);
        workers.forEach(lists.length, task);
        for (int i = 0; i < lists.length; i++) {
            merge(partial[i], state, i / parts * shape.group());
        }
    }

    private void attendPart(int index, int worker) {
        int head = index / parts;
        int size = table.size(head);
        int share = Math.max(LEAST_CHUNKS, Math.ceilDiv(size, parts));
        int from = Math.min(size, index % parts * share);
        int to = Math.min(size, from + share);
        ChunkList list = lists[index];
        list.reset(pool.memory());
        for (int i = from; i < to; i++) {
            list.add(pool.offsetBytes(table.slot(head, i)), table.chunk(head, i) * ChunkLayout.TOKENS);
        }
        AttentionState state = partial[index];
        state.reset(shape.group());
        call.share[head] = share;
        float[] mass = record ? call.massOf(index, (to - from) * shape.group()) : null;
        if (to > from) {
            int q = head * shape.group() * shape.headDim();
            kernels.decode(layout, queries, q, shape.group(), position, list, state, 0, mass);
        }
        System.arraycopy(state.max(), 0, call.max[index], 0, shape.group());
        call.sizes[index] = to - from;
    }

    private void merge(AttentionState from, AttentionState to, int row) {
        int headDim = shape.headDim();
        for (int g = 0; g < shape.group(); g++) {
            float weight = from.sum()[g];
            if (weight == 0f) {
                continue;
            }
            float max = Math.max(from.max()[g], to.max()[row + g]);
            float scaleFrom = (float) Math.exp(from.max()[g] - max);
            float scaleTo = (float) Math.exp(to.max()[row + g] - max);
            to.max()[row + g] = max;
            to.sum()[row + g] = to.sum()[row + g] * scaleTo + weight * scaleFrom;
            float[] target = to.accumulator();
            float[] source = from.accumulator();
            for (int j = 0; j < headDim; j++) {
                int at = (row + g) * headDim + j;
                target[at] = target[at] * scaleTo + source[g * headDim + j] * scaleFrom;
            }
        }
    }

    /** The mass of one entry against the final softmax, averaged over the head's group. */
    float mass(int callIndex, int head, int entry, AttentionState finished) {
        if (!record || callIndex >= callCount) {
            throw new IllegalStateException("no mass was recorded for call " + callIndex + " of this layer");
        }
        Call of = calls.get(callIndex);
        int part = head * parts + entry / of.share[head];
        int place = entry % of.share[head];
        float mean = 0f;
        for (int g = 0; g < shape.group(); g++) {
            int row = head * shape.group() + g;
            double relative = Math.exp(of.max[part][g] - finished.max()[row]);
            mean += (float) (of.mass[part][g * of.sizes[part] + place] * relative / finished.sum()[row]);
        }
        return mean / shape.group();
    }

    /** What one call left behind: for each part the softmax's maximum and the chunks' masses relative to it. */
    private static final class Call {
        final float[][] max;
        final float[][] mass;
        final int[] sizes;
        final int[] share;

        Call(int parts, int group) {
            max = new float[parts][group];
            mass = new float[parts][0];
            sizes = new int[parts];
            share = new int[parts];
        }

        float[] massOf(int part, int size) {
            if (mass[part].length < size) {
                mass[part] = new float[2 * size];
            }
            return mass[part];
        }
    }
}
