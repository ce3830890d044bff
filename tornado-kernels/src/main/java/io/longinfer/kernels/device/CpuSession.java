package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.Objects;
import java.util.Optional;

/** Sequences on the processor. */
final class CpuSession implements DeviceSession {
    private static final int NO_LAYER = -1;

    private final WeightSource weights;
    private final DecoderShape shape;
    private final Sequences sequences;
    private final WorkerPool workers;
    private final Activations x;
    private final Products products;
    private final OpenChunks openChunks;
    private final PastAttention past;
    private final BlockAttention blockAttention;
    private final CpuTokenMeasures tokenMeasures;
    private final AttentionState state;
    private final WorkerPool.Task storeTask = this::store;

    /** {@code [sequences][width]}, {@code [sequences][heads][headDim]}: what {@link #predictQueries} computes. */
    private final float[] predictionInput;

    private final float[] predicted;

    /** {@code [rows][rows of a band]}: logits of a part of the vocabulary; grows to what is asked for. */
    private float[] bandLogits = {};

    /** Stands for the block while there is none. */
    private final Block none = new Block();

    private Block block = none;
    private int projected = NO_LAYER;
    private boolean finished;
    private boolean closed;

    CpuSession(WeightSource weights, int maxBlockTokens, int sequences, WorkerPool workers, CpuKernels kernels) {
        this.weights = weights;
        this.workers = workers;
        shape = weights.shape();
        this.sequences = new Sequences(shape, maxBlockTokens, sequences);
        state = new AttentionState(Math.multiplyExact(maxBlockTokens, shape.heads()), shape.headDim());
        x = new Activations(shape, maxBlockTokens, kernels.elementwise(), workers, state);
        products = new Products(kernels.linear(), kernels.elementwise(), workers);
        openChunks = new OpenChunks(shape, kernels.attention(), maxBlockTokens, sequences);
        past = new PastAttention(shape, kernels.attention(), workers, sequences);
        blockAttention = new BlockAttention(shape, kernels.attention(), workers, openChunks, state, x.queries);
        tokenMeasures = new CpuTokenMeasures(shape, past, blockAttention, openChunks, state);
        predictionInput = new float[sequences * shape.width()];
        predicted = new float[sequences * shape.queryWidth()];
    }

    @Override
    public DecoderShape shape() {
        return shape;
    }

    @Override
    public int maxBlockTokens() {
        return sequences.maxBlockTokens();
    }

    @Override
    public int sequences() {
        return sequences.count();
    }

    @Override
    public KvPool allocatePool(ChunkLayout layout, int slots) {
        checkOpen();
        return new CpuKvPool(layout, slots);
    }

    @Override
    public void begin(Block block) {
        checkOpen();
        // The block at hand may be this very object, refilled.
        endBlock();
        sequences.begin(block);
        this.block = block;
        tokenMeasures.begin(block);
        x.begin(block, weights);
    }

    @Override
    public void project(int layer) {
        checkOpen();
        Objects.checkIndex(layer, shape.layers());
        if (block.segments() == 0) {
            throw new IllegalStateException("no block has begun");
        }
        DecoderWeights.Layer w = weights.layer(layer);
        x.norm(w.attentionNorm(), w.biases().attentionNorm());
        products.of(x.normed, block.rows())
                .into(w.query(), x.queries)
                .into(w.key(), x.keys)
                .into(w.value(), x.values)
                .run();
        x.rotate(layer, w);
        openChunks.begin(layer, block);
        int pieces = block.segments() * shape.kvHeads();
        if (block.rows() == block.segments()) {
            for (int piece = 0; piece < pieces; piece++) {
                store(piece, 0);
            }
        } else {
            workers.forEach(pieces, storeTask);
        }
        openChunks.keepRest();
        state.reset(block.rows() * shape.heads());
        past.begin();
        projected = layer;
        finished = false;
    }

    private void store(int piece, int worker) {
        int head = piece % shape.kvHeads();
        openChunks.store(piece / shape.kvHeads(), head, x.keys, x.values, head * shape.headDim(), shape.kvWidth());
    }

    @Override
    public int segments() {
        return block.segments();
    }

    @Override
    public int firstRow(int segment) {
        return block.firstRow(checkSegment(segment));
    }

    @Override
    public int rows(int segment) {
        return block.rows(checkSegment(segment));
    }

    @Override
    public float[] queries() {
        return x.queries;
    }

    @Override
    public float[] predictQueries(int layer) {
        Objects.checkIndex(layer, shape.layers());
        checkProjected(layer - 1);
        if (finished) {
            throw new IllegalStateException("layer " + (layer - 1) + " is finished, its input is gone");
        }
        DecoderWeights.Layer w = weights.queryOf(layer);
        for (int segment = 0; segment < block.segments(); segment++) {
            x.norm(lastRow(segment), w.attentionNorm(), w.biases().attentionNorm(), predictionInput, segment);
        }
        products.of(predictionInput, block.segments())
                .into(w.query(), predicted)
                .run();
        for (int segment = 0; segment < block.segments(); segment++) {
            x.rotateQueries(lastRow(segment), predicted, segment, w, shape.rotates(layer));
        }
        return predicted;
    }

    private int lastRow(int segment) {
        return block.firstRow(segment) + block.rows(segment) - 1;
    }

    @Override
    public void attend(int layer, int segment, KvPool pool, BlockTable table) {
        checkProjected(layer);
        checkSegment(segment);
        if (!(pool instanceof CpuKvPool cpuPool)) {
            throw new IllegalArgumentException("the pool belongs to another device");
        }
        if (block.rows(segment) == 1) {
            int row = block.firstRow(segment);
            int q = row * shape.queryWidth();
            past.attend(
                    layer, segment, x.queries, q, block.position(segment), cpuPool, table, state, row * shape.heads());
        } else {
            blockAttention.attendPast(layer, block, segment, cpuPool, table);
        }
    }

    @Override
    public void finish(int layer) {
        checkProjected(layer);
        finished = true;
        blockAttention.attendOpen(block);
        x.normalise();
        DecoderWeights.Layer w = weights.layer(layer);
        int rows = block.rows();
        products.of(x.attended, rows).into(w.attentionOutput(), x.delta).run();
        x.addDelta(w.biases().attentionOutput());
        x.norm(w.feedForwardNorm(), w.biases().feedForwardNorm());
        float[] inner = feedForward(w, rows);
        products.of(inner, rows).into(w.down(), x.delta).run();
        x.addDelta(w.biases().down());
    }

    /** The first half of the feed-forward layer. */
    private float[] feedForward(DecoderWeights.Layer w, int rows) {
        products.of(x.normed, rows);
        return switch (shape.traits().feedForward()) {
            case SILU_GATED -> {
                products.into(w.gate().orElseThrow(), x.gate).into(w.up(), x.up).runGated();
                yield x.gate;
            }
            case RELU -> {
                products.into(w.up(), x.up).runRelu(w.biases().up());
                yield x.up;
            }
        };
    }

    @Override
    public void recordMass(boolean record) {
        past.recordMass(record);
    }

    @Override
    public float mass(int segment, int call, int kvHead, int index) {
        int row = block.firstRow(checkSegment(segment)) * shape.heads();
        return past.mass(segment, call, kvHead, index, state, row);
    }

    @Override
    public Optional<TokenMeasures> tokenMeasures() {
        return Optional.of(tokenMeasures);
    }

    @Override
    public ClosedChunks closedChunks(int segment) {
        checkOpen();
        return openChunks.closedChunks(checkSegment(segment));
    }

    @Override
    public void logits(int firstRow, int count, float[] logits) {
        checkOpen();
        Objects.checkFromIndexSize(firstRow, count, block.rows());
        for (int i = 0; i < count; i++) {
            x.norm(firstRow + i, weights.outputNorm(), weights.outputNormBias(), x.normed, i);
        }
        if (weights.outputBands() == 1) {
            products.of(x.normed, count).into(weights.outputBand(0), logits).run();
        } else {
            bands(count, logits);
        }
    }

    /** A product with the output matrix, part by part. */
    private void bands(int count, float[] logits) {
        int first = 0;
        for (int i = 0; i < weights.outputBands(); i++) {
            WeightMatrix band = weights.outputBand(i);
            int rows = band.rows();
            if (bandLogits.length < count * rows) {
                bandLogits = new float[count * rows];
            }
            products.of(x.normed, count).into(band, bandLogits).run();
            for (int row = 0; row < count; row++) {
                System.arraycopy(bandLogits, row * rows, logits, row * shape.vocabulary() + first, rows);
            }
            first += rows;
        }
    }

    @Override
    public void resume(int sequence, int position) {
        checkOpen();
        sequences.resume(sequence, position);
        forget(sequence);
    }

    @Override
    public void reset() {
        checkOpen();
        sequences.reset();
        endBlock();
    }

    @Override
    public void reset(int sequence) {
        checkOpen();
        sequences.reset(sequence);
        forget(sequence);
    }

    /** Ends the block if a sequence is part of it. */
    private void forget(int sequence) {
        for (int segment = 0; segment < block.segments(); segment++) {
            if (block.sequence(segment) == sequence) {
                endBlock();
            }
        }
    }

    private void endBlock() {
        block = none;
        tokenMeasures.begin(none);
        projected = NO_LAYER;
    }

    @Override
    public void close() {
        closed = true;
        openChunks.close();
    }

    private int checkSegment(int segment) {
        return Objects.checkIndex(segment, block.segments());
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
    }

    private void checkProjected(int layer) {
        checkOpen();
        if (projected != layer || layer < 0) {
            throw new IllegalStateException("layer " + layer + " is not projected yet");
        }
    }
}
