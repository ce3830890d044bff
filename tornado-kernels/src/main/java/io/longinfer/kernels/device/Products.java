package io.longinfer.kernels.device;

import io.longinfer.kernels.elementwise.ElementwiseKernels;
import io.longinfer.kernels.linear.LinearKernels;
import io.longinfer.kernels.quantization.WeightMatrix;

/**
 * Weight products of a block of tokens, the rows shared out over the threads. One job may hold several matrices over the
 * same input, so that a layer waits for its threads as seldom as possible. Not thread-safe.
 */
final class Products {
    /** Rows of a piece are a multiple of this: whole tiles of the kernels, and cache lines of the output. */
    private static final int ROW_STEP = 16;

    private static final int PIECES_PER_THREAD = 4;
    private static final int MOST_MATRICES = 3;

    private final LinearKernels kernels;
    private final ElementwiseKernels elementwise;
    private final WorkerPool workers;
    private final WeightMatrix[] matrices = new WeightMatrix[MOST_MATRICES];
    private final float[][] outputs = new float[MOST_MATRICES][];
    private final int[] firstPieces = new int[MOST_MATRICES + 1];
    private final WorkerPool.Task piece = this::piece;
    private final WorkerPool.Task gatedPiece = this::gatedPiece;
    private final WorkerPool.Task reluPiece = this::reluPiece;
    private float[] bias = {};
    private int size;
    private float[] input;
    private int tokens;
    private int pieceRows;

    Products(LinearKernels kernels, ElementwiseKernels elementwise, WorkerPool workers) {
        this.kernels = kernels;
        this.elementwise = elementwise;
        this.workers = workers;
    }

    /** Begins a job over {@code x}, {@code [tokens][columns]}. */
    Products of(float[] x, int tokens) {
        input = x;
        this.tokens = tokens;
        size = 0;
        return this;
    }

    /** Adds {@code y = w x}, {@code y} being {@code [tokens][rows]}. */
    Products into(WeightMatrix w, float[] y) {
        matrices[size] = w;
        outputs[size++] = y;
        return this;
    }

    /** Computes all products of the job. */
    void run() {
        int rows = 0;
        for (int m = 0; m < size; m++) {
            rows += matrices[m].rows();
        }
        cut(rows);
        for (int m = 0; m < size; m++) {
            firstPieces[m + 1] = firstPieces[m] + Math.ceilDiv(matrices[m].rows(), pieceRows);
        }
        workers.forEach(firstPieces[size], piece);
    }

    /** Computes {@code silu(gate x) * (up x)} of the job's first two matrices into the first one's output. */
    void runGated() {
        cut(matrices[0].rows());
        workers.forEach(Math.ceilDiv(matrices[0].rows(), pieceRows), gatedPiece);
    }

    /**
     * Computes {@code max(0, w x + bias)} of the job's only matrix.
     *
     * @param bias {@code [rows]}, or empty for none
     */
    void runRelu(float[] bias) {
        this.bias = bias;
        cut(matrices[0].rows());
        workers.forEach(Math.ceilDiv(matrices[0].rows(), pieceRows), reluPiece);
    }

    private void cut(int rows) {
        int share = Math.ceilDiv(rows, workers.threads() * PIECES_PER_THREAD);
        pieceRows = Math.ceilDiv(share, ROW_STEP) * ROW_STEP;
    }

    private void gatedPiece(int index, int worker) {
        int rows = matrices[0].rows();
        int from = index * pieceRows;
        int to = Math.min(rows, from + pieceRows);
        multiply(matrices[0], from, to, outputs[0]);
        multiply(matrices[1], from, to, outputs[1]);
        for (int t = 0; t < tokens; t++) {
            int at = t * rows + from;
            elementwise.siluMultiply(outputs[0], at, outputs[1], at, to - from);
        }
    }

    private void reluPiece(int index, int worker) {
        int rows = matrices[0].rows();
        int from = index * pieceRows;
        int to = Math.min(rows, from + pieceRows);
        multiply(matrices[0], from, to, outputs[0]);
        for (int t = 0; t < tokens; t++) {
            int at = t * rows + from;
            if (bias.length > 0) {
                elementwise.add(outputs[0], at, bias, from, to - from);
            }
            elementwise.relu(outputs[0], at, to - from);
        }
    }

    private void piece(int index, int worker) {
        int m = 0;
        while (index >= firstPieces[m + 1]) {
            m++;
        }
        WeightMatrix w = matrices[m];
        int from = (index - firstPieces[m]) * pieceRows;
        multiply(w, from, Math.min(w.rows(), from + pieceRows), outputs[m]);
    }

    /** The product of one range of rows, on the calling thread. */
    private void multiply(WeightMatrix w, int from, int to, float[] y) {
        if (tokens == 1) {
            kernels.matVec(w, from, to, input, 0, y, 0);
        } else {
            kernels.matMul(w, from, to, input, w.columns(), tokens, y, w.rows());
        }
    }
}
