package io.longinfer.kvcache;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.TokenMeasures;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.pipeline.ChunkPipeline;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.selection.TokenMasses;
import java.util.Arrays;

/**
 * Adds up what each token weighs for all queries, for selectors that want to know. Of a decoding step the session tells it. Of a
 * block of tokens a second pass over the keys finds it, which brings the layer's chunks to the device once more and takes about
 * half as long as the block's attention: reading a prompt this way costs up to half of its attention and all of its reads
 * on top. Used by one thread.
 */
final class TokenLearning {
    /** Chunks of a head that a worker takes at once. */
    private static final int PART = 16;

    private final DecoderShape shape;
    private final KvPool pool;
    private final CpuKernels kernels;
    private final WorkerPool workers;
    private final TokenMasses masses;
    private final ChunkLayout layout;
    private final float[] ofChunk = new float[ChunkLayout.TOKENS];

    /** {@code [kvHeads]}: what the workers are to look at. */
    private final ChunkList[] lists;

    /** {@code [threads]}: parts of them. */
    private final ChunkList[] parts;

    private final ChunkPipeline.Arrival past = this::addPast;
    private final WorkerPool.Task task = this::addPart;

    /** {@code [rows][heads]}: logarithms of the softmax's denominators. */
    private float[] logSums = {};

    // The block at hand.
    private int layer;
    private float[] queries = {};
    private int queryOffset;
    private int rows;
    private int position;
    private int partsPerHead;

    TokenLearning(KvPlan plan, KvPool pool, TokenMasses masses, CpuKernels kernels, WorkerPool workers) {
        shape = plan.shape();
        this.pool = pool;
        this.masses = masses;
        this.kernels = kernels;
        this.workers = workers;
        layout = new ChunkLayout(shape.headDim());
        lists = new ChunkList[shape.kvHeads()];
        parts = new ChunkList[workers.threads()];
        Arrays.setAll(lists, head -> new ChunkList());
        Arrays.setAll(parts, worker -> new ChunkList());
    }

    static TokenMeasures measures(DeviceSession session) {
        return session.tokenMeasures()
                .orElseThrow(() -> new IllegalStateException("the device does not tell what single tokens weigh"));
    }

    /** Takes a chunk that a decoding step attended: entry {@code index} of the head's table in a call of attend. */
    void attended(int layer, DeviceSession session, int segment, int kvHead, int chunk, int call, int index) {
        measures(session).masses(segment, call, kvHead, index, ofChunk, 0);
        masses.add(layer, kvHead, chunk, ofChunk);
    }

    /** Takes what a decoding step attended of the open chunk, which is the sequence's {@code chunk}-th. */
    void open(int layer, DeviceSession session, int segment, int chunk) {
        TokenMeasures measures = measures(session);
        for (int head = 0; head < shape.kvHeads(); head++) {
            measures.openMasses(segment, head, ofChunk, 0);
            masses.add(layer, head, chunk, ofChunk);
        }
    }

    /**
     * Takes a block of tokens, when the session has finished the layer.
     *
     * @param attended the past that it attended
     * @param closed what it has closed
     */
    void block(
            int layer,
            DeviceSession session,
            int segment,
            ChunkPipeline pipeline,
            Selection attended,
            ClosedChunks closed) {
        TokenMeasures measures = measures(session);
        this.layer = layer;
        queries = session.queries();
        queryOffset = session.firstRow(segment) * shape.queryWidth();
        rows = session.rows(segment);
        position = measures.position(segment);
        if (logSums.length < rows * shape.heads()) {
            logSums = new float[rows * shape.heads()];
        }
        measures.logSums(segment, logSums);
        // Masses are means over a head's group.
        float logGroup = (float) Math.log(shape.group());
        for (int i = 0; i < rows * shape.heads(); i++) {
            logSums[i] += logGroup;
        }
        pipeline.show(layer, attended, past);
        addOwn(closed);
        addOwn(measures.openChunk(segment));
    }

    private void addPast(BlockTable table) {
        for (int head = 0; head < shape.kvHeads(); head++) {
            ChunkList list = lists[head];
            list.reset(pool.mapped().orElseThrow(), shape.window(layer));
            for (int i = 0; i < table.size(head); i++) {
                long offset = (long) table.slot(head, i) * layout.sizeBytes();
                list.add(offset, table.chunk(head, i) * ChunkLayout.TOKENS);
            }
        }
        add();
    }

    private void addOwn(ClosedChunks chunks) {
        for (int head = 0; head < shape.kvHeads(); head++) {
            ChunkList list = lists[head];
            list.reset(chunks.memory(), shape.window(layer));
            for (int i = 0; i < chunks.count(); i++) {
                long offset = head * chunks.headStrideBytes() + (long) i * layout.sizeBytes();
                list.add(offset, (chunks.first() + i) * ChunkLayout.TOKENS);
            }
        }
        add();
    }

    private void add() {
        int longest = 0;
        for (ChunkList list : lists) {
            longest = Math.max(longest, list.size());
        }
        partsPerHead = Math.ceilDiv(longest, PART);
        workers.forEach(shape.kvHeads() * partsPerHead, task);
    }

    private void addPart(int index, int worker) {
        int head = index / partsPerHead;
        int from = index % partsPerHead * PART;
        ChunkList all = lists[head];
        ChunkList part = parts[worker];
        part.reset(all.memory(), all.window());
        for (int i = from; i < Math.min(all.size(), from + PART); i++) {
            part.add(all.offsetBytes(i), all.firstPosition(i));
        }
        int firstHead = head * shape.group();
        kernels.attention()
                .addColumnSums(
                        layout,
                        queries,
                        queryOffset + firstHead * shape.headDim(),
                        shape.queryWidth(),
                        shape.group(),
                        rows,
                        position,
                        part,
                        logSums,
                        firstHead,
                        shape.heads(),
                        masses.of(layer, head));
    }

    /** Takes over what another cache has learned of the same prompt. */
    void copy(TokenLearning source) {
        masses.copy(source.masses);
    }

    void reset() {
        masses.reset();
    }
}
