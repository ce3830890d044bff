package io.longinfer.kvcache.probe;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.selection.Selection;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Knows the true attention over all closed chunks, whatever a selector attends, from a copy of their keys that it keeps in main
 * memory outside all budgets. With {@link #recall} it says how much of that attention a selection has found.
 *
 * <p>A query head's attention is its softmax over all closed tokens within the layer's window, with keys as they were when
 * their chunk closed (after {@code --kv-precision}; what a codec loses later does not show). The open chunk is left out of all
 * sums, as it is always attended; so masses are higher than in the whole softmax, all by the same factor.
 *
 * <p>Used by one thread; the workers share out KV heads. Close it when nothing uses it; use after close throws.
 */
public final class AttentionProbe implements AutoCloseable {
    private final DecoderShape shape;
    private final int chunksPerHead;
    private final CpuKernels kernels;
    private final WorkerPool workers;
    private final long chunkBytes;
    private final Arena arena = Arena.ofShared();

    /** {@code [layers][kvHeads][chunksPerHead][headDim][16]} */
    private final MemorySegment keys;

    /** {@code [layers]} */
    private final int[] closed;

    /** {@code [kvHeads][group][stride]}: scores, then weights. */
    private final float[][] scores;

    private final int stride;

    /** {@code [kvHeads][tokens]}: mean over the group's query heads. */
    private final float[][] masses;

    private final double[] recalls;
    private final long[] steps;
    private final WorkerPool.Task task = this::weigh;

    // The layer at hand.
    private int layer;
    private float[] queries = {};
    private int queryOffset;
    private int hidden;

    /** Room for the keys of {@code chunksPerHead} chunks of each head and layer. */
    public AttentionProbe(DecoderShape shape, int chunksPerHead, CpuKernels kernels, WorkerPool workers) {
        this.shape = shape;
        this.chunksPerHead = chunksPerHead;
        this.kernels = kernels;
        this.workers = workers;
        chunkBytes = new ChunkLayout(shape.headDim()).keysBytes();
        keys = arena.allocate(Math.max(1, sizeBytes()), 64);
        closed = new int[shape.layers()];
        stride = (chunksPerHead + 1) * ChunkLayout.TOKENS;
        scores = new float[shape.kvHeads()][shape.group() * stride];
        masses = new float[shape.kvHeads()][chunksPerHead * ChunkLayout.TOKENS];
        recalls = new double[shape.layers()];
        steps = new long[shape.layers()];
    }

    /** Bytes of the copy. */
    public long sizeBytes() {
        return chunkBytes * shape.layers() * shape.kvHeads() * chunksPerHead;
    }

    /** Copies the keys of chunks that were closed, in order. */
    public void append(int layer, ClosedChunks chunks) {
        long source = new ChunkLayout(shape.headDim()).sizeBytes();
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int i = 0; i < chunks.count(); i++) {
                long from = head * chunks.headStrideBytes() + i * source;
                MemorySegment.copy(chunks.memory(), from, keys, offset(layer, head, chunks.first() + i), chunkBytes);
            }
        }
        closed[layer] += chunks.count();
    }

    private long offset(int layer, int kvHead, int chunk) {
        return chunkBytes * (((long) layer * shape.kvHeads() + kvHead) * chunksPerHead + chunk);
    }

    /**
     * Computes what all closed tokens of a layer weigh for one token at {@code position}, until the next call.
     *
     * @param queries {@code [heads][headDim]} from {@code queryOffset}, times 1/sqrt(headDim)
     */
    public void weigh(int layer, int position, float[] queries, int queryOffset) {
        this.layer = layer;
        this.queries = queries;
        this.queryOffset = queryOffset;
        hidden = Math.min(shape.firstVisible(layer, position), closed[layer] * ChunkLayout.TOKENS);
        workers.forEach(shape.kvHeads(), task);
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void weigh(int head, int worker) {
        int tokens = closed[layer] * ChunkLayout.TOKENS;
        int group = shape.group();
        int headDim = shape.headDim();
        float[] rows = scores[head];
        float[] mass = masses[head];
        int q = queryOffset + head * group * headDim;
        long first = offset(layer, head, 0);
        kernels.attention().scores(headDim, queries, q, group, keys, first, closed[layer], rows, stride);
        Arrays.fill(mass, 0, tokens, 0f);
        for (int g = 0; g < group && hidden < tokens; g++) {
            int row = g * stride;
            float share = 1 / (group * kernels.elementwise().expAndSum(rows, row + hidden, tokens - hidden));
            for (int t = hidden; t < tokens; t++) {
                mass[t] += rows[row + t] * share;
            }
        }
    }

    /** What a chunk weighs in what was last weighed, 0 to 1, mean over the KV head's query heads. */
    public float mass(int kvHead, int chunk) {
        return mass(kvHead, chunk, ChunkLayout.ALL_TOKENS);
    }

    /** What those tokens of a chunk weigh that have a bit in {@code mask}. */
    private float mass(int kvHead, int chunk, int mask) {
        float[] mass = masses[kvHead];
        int first = chunk * ChunkLayout.TOKENS;
        float sum = 0;
        for (int t = 0; t < ChunkLayout.TOKENS; t++) {
            sum += (mask >> t & 1) == 1 ? mass[first + t] : 0;
        }
        return sum;
    }

    /** What a token weighs, by its position. */
    public float tokenMass(int kvHead, int token) {
        return masses[kvHead][token];
    }

    /**
     * The share of the attention last weighed that lies on a selection: its mass against that of all closed chunks, mean over
     * the query heads; exactly 1 if everything is selected.
     *
     * @throws IllegalStateException if the layer had no closed chunk
     */
    public double recall(Selection selection) {
        if (closed[layer] == 0) {
            throw new IllegalStateException("layer " + layer + " has no closed chunk to recall");
        }
        double sum = 0;
        for (int head = 0; head < shape.kvHeads(); head++) {
            double all = 0;
            double found = 0;
            int next = 0;
            // In one order for both sums, so that equal ones are equal to the bit.
            for (int chunk = 0; chunk < closed[layer]; chunk++) {
                float mass = mass(head, chunk);
                all += mass;
                if (next < selection.size(head) && selection.chunk(head, next) == chunk) {
                    found += mass(head, chunk, selection.mask(head, next));
                    next++;
                }
            }
            sum += all == 0 ? 1 : found / all;
        }
        return sum / shape.kvHeads();
    }

    /** Adds the recall of a decoding step to the mean of its layer; a layer without closed chunks is left out. */
    public void record(Selection selection) {
        if (closed[layer] > 0) {
            recalls[layer] += recall(selection);
            steps[layer]++;
        }
    }

    /** Mean recall of a layer's recorded steps; NaN without any. */
    public double meanRecall(int layer) {
        return recalls[layer] / steps[layer];
    }

    /** Steps of a layer that were recorded. */
    public long steps(int layer) {
        return steps[layer];
    }

    /** Starts the means anew. */
    public void resetCounts() {
        Arrays.fill(recalls, 0);
        Arrays.fill(steps, 0);
    }

    /** Forgets the sequence; means stay. */
    public void reset() {
        Arrays.fill(closed, 0);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
