package io.longinfer.kernels.abstracts;

import static io.longinfer.kernels.vector.HalfColumns.HALF_SCALE;

import java.util.Arrays;

/**
 * Queries split into their negative and their positive parts, as rows of twice the head's length that a group's minima and maxima are
 * multiplied with, and as lists of the terms that are not zero. Splitting the same queries again, as for the next group, costs a
 * comparison. Not thread-safe.
 */
final class SplitQueries {
    private static final int WIDTH = AbstractLayout.CHUNKS;

    /** {@code [heads][headDim]}: what was split. */
    private float[] split = {};

    private int splitHeads;
    private int splitNegative = -1;

    /** {@code [heads][2 headDim]}: the factors of the minima, then those of the maxima. */
    private float[] rows = {};

    /**
     * {@code [heads][2 headDim]}: where in a decoded group the numbers of the terms begin that are not zero, and their factors. Half of
     * that is used, but for queries that are no numbers.
     */
    private int[] places = {};

    private float[] factors = {};

    /** {@code [heads]}: the ends of the lists. */
    private int[] ends = {};

    private int headDim;

    /**
     * Splits the queries of some heads, times {@link io.longinfer.kernels.vector.HalfColumns#HALF_SCALE}.
     *
     * @param negative where in a row the negative parts begin
     * @param positive where in a row the positive parts begin
     */
    void split(float[] q, int qOffset, int heads, int headDim, int negative, int positive) {
        int size = heads * headDim;
        if (heads == splitHeads
                && negative == splitNegative
                && headDim == this.headDim
                && Arrays.equals(split, 0, size, q, qOffset, qOffset + size)) {
            return;
        }
        if (split.length < size) {
            split = new float[size];
            rows = new float[2 * size];
            places = new int[2 * size];
            factors = new float[2 * size];
        }
        if (ends.length < heads) {
            ends = new int[heads];
        }
        this.headDim = headDim;
        splitHeads = heads;
        splitNegative = negative;
        System.arraycopy(q, qOffset, split, 0, size);
        for (int h = 0; h < heads; h++) {
            int row = h * 2 * headDim;
            for (int j = 0; j < headDim; j++) {
                float x = q[qOffset + h * headDim + j] * HALF_SCALE;
                rows[row + negative + j] = Math.min(x, 0);
                rows[row + positive + j] = Math.max(x, 0);
            }
            list(h);
        }
    }

    private void list(int head) {
        int end = begin(head);
        for (int i = 0; i < 2 * headDim; i++) {
            float factor = rows[head * 2 * headDim + i];
            if (factor != 0) {
                places[end] = i * WIDTH;
                factors[end++] = factor;
            }
        }
        ends[head] = end;
    }

    float[] rows() {
        return rows;
    }

    int[] places() {
        return places;
    }

    float[] factors() {
        return factors;
    }

    int begin(int head) {
        return head * 2 * headDim;
    }

    int end(int head) {
        return ends[head];
    }
}
