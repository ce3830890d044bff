package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.elementwise.ElementwiseKernels;

/** The activations of a block, {@code [rows][channels]}, and what is computed of each row by itself. Not thread-safe. */
final class Activations {
    /** So few rows are not worth waking a thread. */
    private static final int FEW_ROWS = 8;

    final float[] hidden;
    final float[] normed;
    final float[] queries;
    final float[] keys;
    final float[] values;
    final float[] attended;
    final float[] gate;
    final float[] up;
    final float[] delta;

    private final DecoderShape shape;
    private final BlockInput input;
    private final ElementwiseKernels kernels;
    private final WorkerPool workers;
    private final AttentionState state;

    // Made once, as a decoding step allocates nothing.
    private final WorkerPool.Task rotateTask = this::rotate;
    private final WorkerPool.Task normaliseTask = this::normalise;
    private final WorkerPool.Task addTask = this::addDelta;
    private final WorkerPool.Task normTask = this::norm;

    private int rows;

    // What the tasks work with.
    private float[] normWeight = {};
    private float[] normBias = {};
    private float[] deltaBias = {};
    private DecoderWeights.Layer layer;
    private boolean rotates;

    Activations(DecoderShape shape, int maxRows, ElementwiseKernels kernels, WorkerPool workers, AttentionState state) {
        this.shape = shape;
        this.kernels = kernels;
        this.workers = workers;
        this.state = state;
        input = new BlockInput(shape, maxRows);
        hidden = input.hidden();
        normed = new float[hidden.length];
        queries = new float[Math.multiplyExact(maxRows, shape.queryWidth())];
        keys = new float[Math.multiplyExact(maxRows, shape.kvWidth())];
        values = new float[keys.length];
        attended = new float[queries.length];
        gate = new float[Math.multiplyExact(maxRows, shape.feedForward())];
        up = new float[gate.length];
        delta = new float[hidden.length];
    }

    /** Starts a block: looks its tokens' embeddings up, and the angles of their positions. */
    void begin(Block block, WeightSource weights) {
        rows = block.rows();
        input.read(block, weights);
    }

    /** The hidden state, normalised with {@code weight} and {@code bias}, empty for none. */
    void norm(float[] weight, float[] bias) {
        normWeight = weight;
        normBias = bias;
        forEachRow(normTask);
    }

    private void norm(int row, int worker) {
        norm(row, normWeight, normBias, normed, row);
    }

    /** The hidden state of one row, normalised, into row {@code targetRow} of {@code target}. */
    void norm(int row, float[] weight, float[] bias, float[] target, int targetRow) {
        int width = shape.width();
        int from = row * width;
        int to = targetRow * width;
        float epsilon = shape.normEpsilon();
        switch (shape.traits().norm()) {
            case RMS -> kernels.rmsNorm(hidden, from, weight, epsilon, target, to, width);
            case LAYER -> kernels.layerNorm(hidden, from, weight, bias, epsilon, target, to, width);
        }
    }

    /**
     * Makes of a layer's products what attention takes: adds biases, normalises heads, turns queries and keys by their
     * positions, and scales queries.
     */
    void rotate(int index, DecoderWeights.Layer weights) {
        this.layer = weights;
        rotates = shape.rotates(index);
        forEachRow(rotateTask);
    }

    private void rotate(int row, int worker) {
        rotateQueries(row, queries, row, layer, rotates);
        int at = row * shape.kvWidth();
        addBias(keys, at, layer.biases().key());
        addBias(values, at, layer.biases().value());
        turn(row, keys, at, shape.kvHeads(), layer.keyNorm(), rotates);
    }

    /** The same for queries alone, row {@code targetRow} of {@code target}, which stand at the position of {@code row}. */
    void rotateQueries(int row, float[] target, int targetRow, DecoderWeights.Layer weights, boolean rotates) {
        int at = targetRow * shape.queryWidth();
        addBias(target, at, weights.biases().query());
        turn(row, target, at, shape.heads(), weights.queryNorm(), rotates);
        float scale = (float) (1 / Math.sqrt(shape.headDim()));
        for (int i = at; i < at + shape.queryWidth(); i++) {
            target[i] *= scale;
        }
    }

    private void addBias(float[] x, int at, float[] bias) {
        if (bias.length > 0) {
            kernels.add(x, at, bias, 0, bias.length);
        }
    }

    private void turn(int row, float[] x, int at, int heads, float[] headNorm, boolean rotates) {
        int dim = shape.headDim();
        if (headNorm.length > 0) {
            for (int head = at; head < at + heads * dim; head += dim) {
                kernels.rmsNorm(x, head, headNorm, shape.normEpsilon(), x, head, dim);
            }
        }
        if (rotates) {
            DecoderShape.Rope rope = shape.rope();
            int angle = row * (rope.rotated() / 2);
            kernels.rotate(x, at, heads, dim, input.cos(), input.sin(), angle, rope.rotated(), rope.interleaved());
        }
    }

    /** Divides the values that attention accumulated by the sums of their weights. */
    void normalise() {
        forEachRow(normaliseTask);
    }

    private void normalise(int row, int worker) {
        int dim = shape.headDim();
        float[] accumulator = state.accumulator();
        for (int r = row * shape.heads(); r < (row + 1) * shape.heads(); r++) {
            float inverse = 1f / state.sum()[r];
            for (int j = r * dim; j < (r + 1) * dim; j++) {
                attended[j] = accumulator[j] * inverse;
            }
        }
    }

    /** Adds what a part of the layer computed to the hidden state, and its {@code bias}, empty for none. */
    void addDelta(float[] bias) {
        deltaBias = bias;
        forEachRow(addTask);
    }

    private void addDelta(int row, int worker) {
        int width = shape.width();
        kernels.add(hidden, row * width, delta, row * width, width);
        addBias(hidden, row * width, deltaBias);
    }

    private void forEachRow(WorkerPool.Task task) {
        if (rows <= FEW_ROWS) {
            for (int row = 0; row < rows; row++) {
                task.run(row, 0);
            }
        } else {
            workers.forEach(rows, task);
        }
    }
}
