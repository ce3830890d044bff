package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import io.longinfer.kernels.elementwise.ElementwiseKernels;
import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.Objects;

/** A sequence on the processor. Activations are float arrays, {@code [tokens][channels]}. */
final class CpuSession implements DeviceSession {
    /** Tokens whose attention is one piece of work in prefill: decoding a chunk is spread over this many queries. */
    private static final int TILE = 64;

    private final DecoderWeights weights;
    private final DecoderShape shape;
    private final int maxBlockTokens;
    private final WorkerPool workers;
    private final CpuKernels kernels;
    private final Products products;
    private final OpenChunks openChunks;
    private final PastAttention past;
    private final AttentionState state;
    private final ChunkList[] lists;

    private final float[] hidden;
    private final float[] normed;
    private final float[] queries;
    private final float[] keys;
    private final float[] values;
    private final float[] attended;
    private final float[] gate;
    private final float[] up;
    private final float[] delta;
    private final float[] cos;
    private final float[] sin;

    // Made once, as a decoding step allocates nothing.
    private final WorkerPool.Task rotateTask = this::rotate;
    private final WorkerPool.Task storeTask = this::storeHead;
    private final WorkerPool.Task normaliseTask = this::normalise;
    private final WorkerPool.Task addTask = this::addDelta;
    private final WorkerPool.Task normTask = this::norm;
    private float[] normWeight = {};

    private int position;
    private int tokens;
    private int projected = -1;
    private boolean closed;

    CpuSession(DecoderWeights weights, int maxBlockTokens, WorkerPool workers, CpuKernels kernels) {
        if (maxBlockTokens <= 0) {
            throw new IllegalArgumentException("a block has at least one token, not " + maxBlockTokens);
        }
        this.weights = weights;
        this.maxBlockTokens = maxBlockTokens;
        this.workers = workers;
        this.kernels = kernels;
        shape = weights.shape();
        products = new Products(kernels.linear(), kernels.elementwise(), workers);
        openChunks = new OpenChunks(shape, kernels.attention(), maxBlockTokens);
        past = new PastAttention(shape, kernels.attention(), workers);
        state = new AttentionState(maxBlockTokens * shape.heads(), shape.headDim());
        lists = new ChunkList[workers.threads()];
        for (int i = 0; i < lists.length; i++) {
            lists[i] = new ChunkList();
        }
        hidden = activations(shape.width());
        normed = activations(shape.width());
        queries = activations(shape.queryWidth());
        keys = activations(shape.kvWidth());
        values = activations(shape.kvWidth());
        attended = activations(shape.queryWidth());
        gate = activations(shape.feedForward());
        up = activations(shape.feedForward());
        delta = activations(shape.width());
        cos = activations(shape.rope().rotated() / 2);
        sin = activations(shape.rope().rotated() / 2);
    }

    private float[] activations(int channels) {
        return new float[Math.multiplyExact(maxBlockTokens, channels)];
    }

    @Override
    public DecoderShape shape() {
        return shape;
    }

    @Override
    public int maxBlockTokens() {
        return maxBlockTokens;
    }

    @Override
    public void begin(int[] ids, int from, int count, int position) {
        checkOpen();
        Objects.checkFromIndexSize(from, count, ids.length);
        if (count < 1 || count > maxBlockTokens) {
            throw new IllegalArgumentException(
                    "a block has 1 to " + maxBlockTokens + " tokens, but " + count + " are given");
        }
        if (position != this.position + tokens) {
            throw new IllegalStateException(
                    "the sequence goes on at position " + (this.position + tokens) + ", not at " + position);
        }
        for (int t = 0; t < count; t++) {
            int id = ids[from + t];
            if (id < 0 || id >= shape.vocabulary()) {
                throw new IllegalArgumentException(
                        "token " + id + " is not in the vocabulary of " + shape.vocabulary());
            }
        }
        this.position = position;
        tokens = count;
        WeightMatrix embedding = weights.embedding();
        int width = shape.width();
        for (int t = 0; t < count; t++) {
            long row = ids[from + t] * embedding.rowBytes();
            ScalarDequantizer.row(embedding.type(), embedding.data(), row, hidden, t * width, width);
        }
        angles();
    }

    private void angles() {
        DecoderShape.Rope rope = shape.rope();
        int pairs = rope.rotated() / 2;
        for (int t = 0; t < tokens; t++) {
            for (int i = 0; i < pairs; i++) {
                double angle = (position + t) * rope.inverseFrequencies()[i];
                cos[t * pairs + i] = (float) (Math.cos(angle) * rope.magnitude());
                sin[t * pairs + i] = (float) (Math.sin(angle) * rope.magnitude());
            }
        }
    }

    @Override
    public void project(int layer) {
        checkOpen();
        DecoderWeights.Layer w = weights.layers().get(layer);
        norm(w.attentionNorm());
        products.of(normed, tokens)
                .into(w.query(), queries)
                .into(w.key(), keys)
                .into(w.value(), values)
                .run();
        forEachToken(rotateTask);
        openChunks.begin(layer, position, tokens);
        if (tokens == 1) {
            for (int head = 0; head < shape.kvHeads(); head++) {
                storeHead(head, 0);
            }
        } else {
            workers.forEach(shape.kvHeads(), storeTask);
        }
        openChunks.keepRest();
        state.reset(tokens * shape.heads());
        past.begin();
        projected = layer;
    }

    private void rotate(int t, int worker) {
        DecoderShape.Rope rope = shape.rope();
        int angle = t * rope.rotated() / 2;
        ElementwiseKernels elementwise = kernels.elementwise();
        int q = t * shape.queryWidth();
        int k = t * shape.kvWidth();
        int dim = shape.headDim();
        boolean interleaved = rope.interleaved();
        elementwise.rotate(queries, q, shape.heads(), dim, cos, sin, angle, rope.rotated(), interleaved);
        elementwise.rotate(keys, k, shape.kvHeads(), dim, cos, sin, angle, rope.rotated(), interleaved);
        float scale = (float) (1 / Math.sqrt(dim));
        for (int i = q; i < q + shape.queryWidth(); i++) {
            queries[i] *= scale;
        }
    }

    private void storeHead(int head, int worker) {
        openChunks.store(head, keys, values, head * shape.headDim(), shape.kvWidth());
    }

    @Override
    public int blockTokens() {
        return tokens;
    }

    @Override
    public float[] queries() {
        return queries;
    }

    @Override
    public void attend(int layer, KvPool pool, BlockTable table) {
        checkProjected(layer);
        if (!(pool instanceof CpuKvPool cpuPool)) {
            throw new IllegalArgumentException("the pool belongs to another device");
        }
        if (tokens == 1) {
            past.attend(queries, position, cpuPool, table, state);
        } else {
            prefill((head, list) -> {
                list.reset(cpuPool.memory());
                for (int i = 0; i < table.size(head); i++) {
                    long offset = cpuPool.offsetBytes(table.slot(head, i));
                    list.add(offset, table.chunk(head, i) * ChunkLayout.TOKENS);
                }
            });
        }
    }

    /** Lists the chunks that a KV head attends. */
    private interface Lister {
        void list(int head, ChunkList chunks);
    }

    private void prefill(Lister lister) {
        int tiles = Math.ceilDiv(tokens, TILE);
        int group = shape.group();
        workers.forEach(tiles * shape.kvHeads(), (index, worker) -> {
            int head = index % shape.kvHeads();
            // The last tiles see the most of the block itself: they are handed out first.
            int from = (tiles - 1 - index / shape.kvHeads()) * TILE;
            int count = Math.min(TILE, tokens - from);
            ChunkList list = lists[worker];
            lister.list(head, list);
            if (list.size() == 0) {
                return;
            }
            int stride = shape.queryWidth();
            int q = from * stride + head * group * shape.headDim();
            int row = from * shape.heads() + head * group;
            kernels.attention()
                    .prefill(
                            openChunks.layout(),
                            queries,
                            q,
                            stride,
                            group,
                            count,
                            position + from,
                            list,
                            state,
                            row,
                            shape.heads());
        });
    }

    @Override
    public void finish(int layer) {
        checkProjected(layer);
        if (tokens == 1) {
            int group = shape.group();
            for (int head = 0; head < shape.kvHeads(); head++) {
                openChunks.list(head, lists[0]);
                int row = head * group;
                int q = row * shape.headDim();
                kernels.attention()
                        .decode(openChunks.layout(), queries, q, group, position, lists[0], state, row, null);
            }
        } else {
            prefill(openChunks::list);
        }
        forEachToken(normaliseTask);
        DecoderWeights.Layer w = weights.layers().get(layer);
        products.of(attended, tokens).into(w.attentionOutput(), delta).run();
        addDelta();
        norm(w.feedForwardNorm());
        products.of(normed, tokens).into(w.gate(), gate).into(w.up(), up).runGated();
        products.of(gate, tokens).into(w.down(), delta).run();
        addDelta();
    }

    /** Divides the accumulated values of token {@code t} by the sum of their weights. */
    private void normalise(int t, int worker) {
        int dim = shape.headDim();
        float[] accumulator = state.accumulator();
        for (int row = t * shape.heads(); row < (t + 1) * shape.heads(); row++) {
            float inverse = 1f / state.sum()[row];
            for (int j = row * dim; j < (row + 1) * dim; j++) {
                attended[j] = accumulator[j] * inverse;
            }
        }
    }

    private void addDelta() {
        forEachToken(addTask);
    }

    private void addDelta(int t, int worker) {
        int width = shape.width();
        kernels.elementwise().add(hidden, t * width, delta, t * width, width);
    }

    /** The hidden state, normalised with {@code weight}. */
    private void norm(float[] weight) {
        normWeight = weight;
        forEachToken(normTask);
    }

    private void norm(int t, int worker) {
        int width = shape.width();
        kernels.elementwise().rmsNorm(hidden, t * width, normWeight, shape.normEpsilon(), normed, t * width, width);
    }

    /** One token is not worth waking a thread. */
    private void forEachToken(WorkerPool.Task task) {
        if (tokens == 1) {
            task.run(0, 0);
        } else {
            workers.forEach(tokens, task);
        }
    }

    @Override
    public void recordMass(boolean record) {
        past.recordMass(record);
    }

    @Override
    public float mass(int call, int kvHead, int index) {
        return past.mass(call, kvHead, index, state);
    }

    @Override
    public ClosedChunks closedChunks() {
        checkOpen();
        return openChunks.closedChunks();
    }

    @Override
    public void logits(int first, int count, float[] logits) {
        checkOpen();
        Objects.checkFromIndexSize(first, count, tokens);
        int width = shape.width();
        for (int t = 0; t < count; t++) {
            kernels.elementwise()
                    .rmsNorm(
                            hidden,
                            (first + t) * width,
                            weights.outputNorm(),
                            shape.normEpsilon(),
                            normed,
                            t * width,
                            width);
        }
        products.of(normed, count).into(weights.output(), logits).run();
    }

    @Override
    public void reset() {
        checkOpen();
        position = 0;
        tokens = 0;
        projected = -1;
    }

    @Override
    public void close() {
        closed = true;
        openChunks.close();
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
    }

    private void checkProjected(int layer) {
        checkOpen();
        if (projected != layer) {
            throw new IllegalStateException("layer " + layer + " is not projected yet");
        }
    }
}
