package io.longinfer.kvcache.speculation;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * What InfiniGen's speculation knows of one sequence. While its first prompt is read, keys are summed up as chunks close. At the
 * prompt's end each layer is learned: {@link #skew} finds the skews of its heads, then {@link #put} takes every chunk there is.
 * Chunks that close later are projected as they come.
 *
 * <p>Used by one thread; the workers share out KV heads. Close it once nothing uses it.
 */
public final class Speculation implements AutoCloseable {
    /** Layers, from the first, that are not speculated: outliers emerge in them. */
    public static final int FULL_LAYERS = 2;

    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DecoderShape shape;
    private final WorkerPool workers;
    private final PartialKeys partialKeys;
    private final SecondMoments keys;
    private final ChunkLayout layout;

    /** {@code [kvHeads][16][headDim]}: keys of a chunk. */
    private final float[][] decoded;

    /** {@code [layers]}: layers whose heads are skewed. */
    private final boolean[] skewed;

    private boolean learned;
    private final WorkerPool.Task skewTask = this::skewHead;
    private final WorkerPool.Task appendTask = this::appendHead;

    // The job of the tasks.
    private int layer;
    private SecondMoments queries;
    private ClosedChunks closed = new ClosedChunks(0, 0, MemorySegment.NULL, 0);

    /**
     * Room for a sequence.
     *
     * @param channels of a head that are kept, even
     */
    public Speculation(DecoderShape shape, int chunksPerHead, int channels, WorkerPool workers) {
        this.shape = shape;
        this.workers = workers;
        partialKeys = new PartialKeys(shape, chunksPerHead, channels, FULL_LAYERS);
        keys = new SecondMoments(shape.layers(), shape.kvHeads(), shape.headDim());
        queries = keys;
        layout = new ChunkLayout(shape.headDim());
        decoded = new float[shape.kvHeads()][ChunkLayout.TOKENS * shape.headDim()];
        skewed = new boolean[shape.layers()];
    }

    /** Whether a prompt has been learned; until then nothing can be speculated. */
    public boolean learned() {
        return learned;
    }

    /** Takes chunks that were closed, in order. */
    public void append(int layer, ClosedChunks chunks) {
        if (layer >= FULL_LAYERS) {
            this.layer = layer;
            closed = chunks;
            workers.forEach(shape.kvHeads(), appendTask);
        }
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void appendHead(int head, int worker) {
        for (int i = 0; i < closed.count(); i++) {
            long offset = head * closed.headStrideBytes() + (long) i * layout.sizeBytes();
            if (skewed[layer]) {
                partialKeys.put(layer, head, closed.first() + i, closed.memory(), offset);
            } else {
                addUp(head, offset);
            }
        }
    }

    private void addUp(int head, long offset) {
        float[] vectors = decoded[head];
        int headDim = shape.headDim();
        for (int j = 0; j < headDim; j++) {
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                short half = closed.memory().get(FP16, offset + layout.keyOffset(j, t));
                vectors[t * headDim + j] = Float.float16ToFloat(half);
            }
        }
        keys.add(layer, head, vectors, 0, headDim, ChunkLayout.TOKENS);
    }

    /**
     * Whether a prompt's sums tell enough to skew: as many queries as a head has channels, and a closed chunk.
     *
     * @param moments of its queries
     */
    public boolean learnable(SecondMoments moments) {
        int last = shape.layers() - 1;
        return last >= FULL_LAYERS && moments.count(last, 0) >= shape.headDim() && keys.count(last, 0) > 0;
    }

    /**
     * Finds the skews of a layer's heads; its chunks are to be {@link #put} then.
     *
     * @param moments second moments of the prompt's queries, KV heads being those of the model
     */
    public void skew(int layer, SecondMoments moments) {
        if (layer >= FULL_LAYERS) {
            this.layer = layer;
            queries = moments;
            workers.forEach(shape.kvHeads(), skewTask);
            skewed[layer] = true;
        }
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void skewHead(int head, int worker) {
        double[][] queryMoment = queries.mean(layer, head);
        for (double[] row : queryMoment) {
            for (int j = 0; j < row.length; j++) {
                row[j] *= shape.headDim(); // the session's queries are times 1/sqrt(headDim)
            }
        }
        partialKeys.skew(layer, head, Skew.columns(queryMoment, keys.mean(layer, head), partialKeys.channels()));
    }

    /** Takes a chunk of a layer that is being learned, from {@code offset}. */
    public void put(int layer, int kvHead, int chunk, MemorySegment memory, long offset) {
        if (layer >= FULL_LAYERS) {
            partialKeys.put(layer, kvHead, chunk, memory, offset);
        }
    }

    /** Ends the prompt: if all layers were learned, speculation can begin. */
    public void endPrompt() {
        learned = true;
        for (int l = FULL_LAYERS; l < skewed.length; l++) {
            learned &= skewed[l];
        }
    }

    /** The keys to speculate with. */
    public PartialKeys partialKeys() {
        return partialKeys;
    }

    /** Speculated scores of a layer's query heads that share a KV head, see {@link PartialKeys#scores}. */
    public void scores(
            AttentionKernels kernels,
            int layer,
            int kvHead,
            int chunks,
            float[] projected,
            float[] scores,
            int stride) {
        partialKeys.scores(kernels, layer, kvHead, chunks, projected, shape.group(), scores, stride);
    }

    /** Forgets the sequence. */
    public void reset() {
        learned = false;
        Arrays.fill(skewed, false);
        keys.reset();
    }

    @Override
    public void close() {
        partialKeys.close();
    }
}
