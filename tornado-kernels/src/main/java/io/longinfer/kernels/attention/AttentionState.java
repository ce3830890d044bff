package io.longinfer.kernels.attention;

import java.util.Arrays;

/**
 * The running softmax of several query rows (a query row is one query head of one token): attention over a long context is
 * the sum of calls over parts of it, in any order (online softmax, as in FlashAttention and flash decoding).
 *
 * <pre>
 * max          [rows]            largest score so far, -1e30 when none
 * sum          [rows]            sum of exp(score - max)
 * accumulator  [rows][headDim]   sum of exp(score - max) * value
 * </pre>
 *
 * <p>Rows are independent: threads may work on different rows of one state.
 */
public final class AttentionState {
    /** The floor of the softmax: no infinities, as device kernels may not use them. */
    public static final float FLOOR = -1e30f;

    private final int rows;
    private final int headDim;
    private final float[] max;
    private final float[] sum;
    private final float[] accumulator;

    public AttentionState(int rows, int headDim) {
        this.rows = rows;
        this.headDim = headDim;
        max = new float[rows];
        sum = new float[rows];
        accumulator = new float[Math.multiplyExact(rows, headDim)];
    }

    /** Forgets all that was attended in the first {@code count} rows. */
    public void reset(int count) {
        Arrays.fill(max, 0, count, FLOOR);
        Arrays.fill(sum, 0, count, 0f);
        Arrays.fill(accumulator, 0, count * headDim, 0f);
    }

    /** Rows there is room for. */
    public int rows() {
        return rows;
    }

    /** Channels of a row. */
    public int headDim() {
        return headDim;
    }

    /** {@code [rows]}: the largest score so far. */
    public float[] max() {
        return max;
    }

    /** {@code [rows]}: the sum of the weights, relative to {@link #max()}. */
    public float[] sum() {
        return sum;
    }

    /** {@code [rows][headDim]}: the weighted sum of the values, relative to {@link #max()}. */
    public float[] accumulator() {
        return accumulator;
    }
}
