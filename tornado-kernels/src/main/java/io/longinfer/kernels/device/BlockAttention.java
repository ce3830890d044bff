package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;

/**
 * Attention of the segments of a block, tile by tile over the threads: of many tokens over their past, and of all over
 * themselves and the open chunks. Not thread-safe.
 */
final class BlockAttention {
    /** Tokens whose attention is one piece of work: decoding a chunk is spread over this many queries. */
    private static final int TILE = 64;

    private final DecoderShape shape;
    private final AttentionKernels kernels;
    private final WorkerPool workers;
    private final OpenChunks openChunks;
    private final AttentionState state;
    private final float[] queries;
    private final ChunkList[] lists;
    private final WorkerPool.Task openTask = this::attendOpen;
    private Block block = new Block();

    /** {@code [segments][kvHeads][group][16]}: weights of the open chunks' tokens, where they are recorded. */
    private float[][] openWeights = {};

    private boolean recordTokens;

    BlockAttention(
            DecoderShape shape,
            AttentionKernels kernels,
            WorkerPool workers,
            OpenChunks openChunks,
            AttentionState state,
            float[] queries) {
        this.shape = shape;
        this.kernels = kernels;
        this.workers = workers;
        this.openChunks = openChunks;
        this.state = state;
        this.queries = queries;
        lists = ChunkLists.forEach(workers);
    }

    /** Lists the chunks that a KV head attends. */
    private interface Lister {
        void list(int head, ChunkList chunks);
    }

    /** Attends closed chunks with a segment of many tokens. */
    void attendPast(int layer, Block block, int segment, CpuKvPool pool, BlockTable table) {
        int window = shape.window(layer);
        attend(block, segment, (head, list) -> ChunkLists.list(pool, table, head, 0, table.size(head), window, list));
    }

    /** Attends every segment's own tokens and the open ones before them, each key by its own and later tokens. */
    void attendOpen(Block block) {
        this.block = block;
        boolean decoding = true;
        if (openWeights.length < block.segments() * shape.kvHeads()) {
            openWeights = new float[block.segments() * shape.kvHeads()][shape.group() * ChunkLayout.TOKENS];
        }
        for (int segment = 0; segment < block.segments(); segment++) {
            if (block.rows(segment) > 1) {
                decoding = false;
                int s = segment;
                attend(block, segment, (head, list) -> openChunks.list(s, head, list));
            }
        }
        int pieces = block.segments() * shape.kvHeads();
        if (decoding && block.segments() == 1) {
            // Not worth waking a thread.
            for (int piece = 0; piece < pieces; piece++) {
                attendOpen(piece, 0);
            }
        } else {
            workers.forEach(pieces, openTask);
        }
    }

    /** One head of a segment of one token; those of more are attended in tiles. */
    private void attendOpen(int piece, int worker) {
        int segment = piece / shape.kvHeads();
        int head = piece % shape.kvHeads();
        if (block.rows(segment) > 1) {
            return;
        }
        ChunkList list = lists[worker];
        openChunks.list(segment, head, list);
        int row = block.firstRow(segment) * shape.heads() + head * shape.group();
        int q = row * shape.headDim();
        int position = block.position(segment);
        if (recordTokens) {
            float[] weights = openWeights[piece];
            kernels.decodeByToken(openChunks.layout(), queries, q, shape.group(), position, list, state, row, weights);
        } else {
            kernels.decode(openChunks.layout(), queries, q, shape.group(), position, list, state, row, null);
        }
    }

    /** Whether weights of open chunks' tokens are recorded from now on. */
    void recordTokens(boolean on) {
        recordTokens = on;
    }

    /** The masses of the 16 tokens of a segment's open chunk, averaged over the group of {@code head}. */
    void openMasses(int segment, int head, float[] target, int offset) {
        if (!recordTokens || block.rows(segment) > 1) {
            throw new IllegalStateException("the open chunk of segment " + segment + " was not recorded");
        }
        // Attended last: weights are relative to the row's final maximum.
        float[] weights = openWeights[segment * shape.kvHeads() + head];
        int group = shape.group();
        int row = block.firstRow(segment) * shape.heads() + head * group;
        for (int t = 0; t < ChunkLayout.TOKENS; t++) {
            float mean = 0;
            for (int g = 0; g < group; g++) {
                mean += weights[g * ChunkLayout.TOKENS + t] / (group * state.sum()[row + g]);
            }
            target[offset + t] = mean;
        }
    }

    private void attend(Block block, int segment, Lister lister) {
        int tokens = block.rows(segment);
        int tiles = Math.ceilDiv(tokens, TILE);
        int group = shape.group();
        workers.forEach(tiles * shape.kvHeads(), (index, worker) -> {
            int head = index % shape.kvHeads();
            // The last tiles see the most of the segment itself: they are handed out first.
            int from = (tiles - 1 - index / shape.kvHeads()) * TILE;
            int count = Math.min(TILE, tokens - from);
            ChunkList list = lists[worker];
            lister.list(head, list);
            if (list.size() == 0) {
                return;
            }
            int row = (block.firstRow(segment) + from) * shape.heads() + head * group;
            kernels.prefill(
                    openChunks.layout(),
                    queries,
                    row * shape.headDim(),
                    shape.queryWidth(),
                    group,
                    count,
                    block.position(segment) + from,
                    list,
                    state,
                    row,
                    shape.heads());
        });
    }
}
