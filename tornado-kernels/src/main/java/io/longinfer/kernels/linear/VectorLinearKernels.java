package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kernels.vector.Lanes;
import java.util.Objects;

/**
 * Products on the Vector API for every {@link TensorType}: activations stay in float, weights are decoded in registers (one
 * vector) or a panel of rows at a time into scratch that stays in the cache (many tokens). Stateless but for scratch of
 * each thread, which grows to the largest matrix it has met; no other allocation.
 *
 * <p>Where {@link #supported} says no, vectors are too narrow to be worth it: take {@link ScalarLinearKernels}.
 */
public final class VectorLinearKernels implements LinearKernels {
    private static final float[] NO_SUMS = {};
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** Up to here the sums of a token are formed in the order of {@link #matVec}: to the bit, they are the same. */
    static final int FEW_TOKENS = 8;

    /** Rows that stay in the second-level cache while a few tokens go by one after the other. */
    private static final int CACHED_ROWS = 256;

    /** From here on, laying panels out by columns pays for itself ({@code LinearKernelsBenchmark.matMul}). */
    private static final int MANY_TOKENS = 40;

    /** Whether this machine's vectors hold at least 8 floats. */
    public static boolean supported() {
        return Lanes.supported();
    }

    @Override
    public void matVec(WeightMatrix w, int rowFrom, int rowTo, float[] x, int xOffset, float[] y, int yOffset) {
        Objects.checkFromToIndex(rowFrom, rowTo, w.rows());
        Objects.checkFromIndexSize(xOffset, w.columns(), x.length);
        Objects.checkFromToIndex(yOffset + rowFrom, yOffset + rowTo, y.length);
        Scratch scratch = SCRATCH.get();
        switch (w.type()) {
            case Q4_0, Q4_1 -> matVecPairs(w, rowFrom, rowTo, x, xOffset, y, yOffset, scratch);
            default -> {
                float[] sums = Formats.needsSums(w.type()) ? scratch.blockSums(x, xOffset, w.columns()) : NO_SUMS;
                long rowBytes = w.rowBytes();
                for (int r = rowFrom; r < rowTo; r++) {
                    y[yOffset + r] = Formats.dot(
                            w.type(), w.data(), r * rowBytes, w.columns(), x, xOffset, sums, scratch.sums());
                }
            }
        }
    }

    private static void matVecPairs(
            WeightMatrix w, int rowFrom, int rowTo, float[] x, int xOffset, float[] y, int yOffset, Scratch scratch) {
        float[] scaled = scratch.scaled(x, xOffset, w.columns(), NibblePairs.SCALE);
        float[] sums = scratch.blockSums(scaled, 0, w.columns());
        float[] pair = scratch.sums();
        int blocks = w.columns() / SmallBlocks.ELEMENTS;
        long rowBytes = w.rowBytes();
        for (int r = rowFrom; r < rowTo; r += 2) {
            // An odd last row is computed twice.
            long first = r * rowBytes;
            long second = Math.min(r + 1, rowTo - 1) * rowBytes;
            if (w.type() == TensorType.Q4_1) {
                NibblePairs.dotQ4_1(w.data(), first, second, blocks, scaled, sums, pair);
            } else {
                NibblePairs.dotQ4_0(w.data(), first, second, blocks, scaled, sums, pair);
            }
            y[yOffset + r] = pair[0];
            if (r + 1 < rowTo) {
                y[yOffset + r + 1] = pair[1];
            }
        }
    }

    @Override
    public void matMul(
            WeightMatrix w, int rowFrom, int rowTo, float[] x, int xStride, int tokens, float[] y, int yStride) {
        Objects.checkFromToIndex(rowFrom, rowTo, w.rows());
        if (tokens == 0) {
            return;
        }
        Objects.checkFromIndexSize((tokens - 1) * xStride, w.columns(), x.length);
        Objects.checkFromToIndex((tokens - 1) * yStride + rowFrom, (tokens - 1) * yStride + rowTo, y.length);
        if (tokens == 1) {
            matVec(w, rowFrom, rowTo, x, 0, y, 0);
        } else if (tokens <= FEW_TOKENS) {
            matMulFew(w, rowFrom, rowTo, x, xStride, tokens, y, yStride);
        } else if (tokens < MANY_TOKENS) {
            DotTiles.matMul(w, rowFrom, rowTo, x, xStride, tokens, y, yStride, SCRATCH.get());
        } else {
            OuterTiles.matMul(w, rowFrom, rowTo, x, xStride, tokens, y, yStride, SCRATCH.get());
        }
    }

    private void matMulFew(
            WeightMatrix w, int rowFrom, int rowTo, float[] x, int xStride, int tokens, float[] y, int yStride) {
        for (int r = rowFrom; r < rowTo; r += CACHED_ROWS) {
            int end = Math.min(rowTo, r + CACHED_ROWS);
            int done = FewTokens.matMul(w, r, end, x, xStride, tokens, y, yStride, SCRATCH.get());
            for (int t = done; t < tokens; t++) {
                matVec(w, r, end, x, t * xStride, y, t * yStride);
            }
        }
    }
}
