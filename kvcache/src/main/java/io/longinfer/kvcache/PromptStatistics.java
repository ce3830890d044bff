package io.longinfer.kvcache;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.speculation.SecondMoments;

/**
 * What selectors want to know of a prompt beyond its keys and values: sums over its queries. It takes memory of a fixed size
 * outside all budgets. A cache that adopts chunks takes it over from the one that has read the prompt. Used by one thread.
 */
final class PromptStatistics {
    private final DecoderShape shape;
    private final WorkerPool workers;
    private final SecondMoments queries;
    private final WorkerPool.Task task = this::addHead;

    // The job of the task.
    private int layer;
    private float[] rows = {};
    private int offset;
    private int count;

    PromptStatistics(DecoderShape shape, WorkerPool workers) {
        this.shape = shape;
        this.workers = workers;
        queries = new SecondMoments(shape.layers(), shape.kvHeads(), shape.headDim());
    }

    /**
     * Adds a block of a prompt.
     *
     * @param rows {@code [count][heads][headDim]} from {@code offset}, times 1/sqrt(headDim)
     */
    void add(int layer, float[] rows, int offset, int count) {
        this.layer = layer;
        this.rows = rows;
        this.offset = offset;
        this.count = count;
        workers.forEach(shape.kvHeads(), task);
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void addHead(int head, int worker) {
        for (int g = 0; g < shape.group(); g++) {
            int first = offset + (head * shape.group() + g) * shape.headDim();
            queries.add(layer, head, rows, first, shape.queryWidth(), count);
        }
    }

    /** Second moments of the queries of each (layer, KV head), its query heads together. */
    SecondMoments queries() {
        return queries;
    }

    /** Becomes a copy of another prompt's. */
    void copy(PromptStatistics source) {
        queries.copy(source.queries);
    }

    void reset() {
        queries.reset();
    }
}
