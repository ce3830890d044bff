package io.longinfer.kernels.attention;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;

import io.longinfer.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Steps of the running softmax over whole vectors; counts are multiples of 16. Stateless. */
final class Softmax {
    /**
     * Score of a token that is not visible: so far below the floor of a state's maximum that its weight is 0 even in a row
     * that sees nothing at all.
     */
    static final float MASKED = 2 * AttentionState.FLOOR;

    private Softmax() {}

    /** The largest of {@code n} values. */
    static float max(float[] x, int offset, int n) {
        FloatVector max = FloatVector.fromArray(FLOATS, x, offset);
        for (int i = COUNT; i < n; i += COUNT) {
            FloatVector v = FloatVector.fromArray(FLOATS, x, offset + i);
            max = max.blend(v, v.compare(VectorOperators.GT, max));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /** The sum of {@code n} values, with scratch of {@code [COUNT]}. */
    static float sum(float[] x, int offset, int n, float[] lanes) {
        FloatVector sum = FloatVector.fromArray(FLOATS, x, offset);
        for (int i = COUNT; i < n; i += COUNT) {
            sum = sum.add(FloatVector.fromArray(FLOATS, x, offset + i));
        }
        sum.intoArray(lanes, 0);
        return Lanes.sum(lanes, 0);
    }

    /**
     * Raises the row's maximum and makes its sum relative to it.
     *
     * @return the factor that makes its accumulator relative to it
     */
    static float raise(AttentionState state, int row, float max) {
        float factor = (float) Math.exp(state.max()[row] - max);
        state.max()[row] = max;
        state.sum()[row] *= factor;
        return factor;
    }

    /**
     * Adds a part to the row's accumulator: {@code accumulator = accumulator * factor + part * scale}.
     *
     * @param part {@code [columns][COUNT]} from {@code offset}; if the head is no multiple of COUNT, the last column ends
     *     with the head's last channel
     */
    static void merge(AttentionState state, int row, float factor, float[] part, int offset, float scale) {
        int headDim = state.headDim();
        float[] accumulator = state.accumulator();
        int start = row * headDim;
        int whole = headDim - headDim % COUNT;
        for (int j = 0; j < whole; j += COUNT) {
            FloatVector scaled = FloatVector.fromArray(FLOATS, part, offset + j).mul(scale);
            FloatVector.fromArray(FLOATS, accumulator, start + j)
                    .fma(FloatVector.broadcast(FLOATS, factor), scaled)
                    .intoArray(accumulator, start + j);
        }
        int skipped = whole + COUNT - headDim;
        for (int j = whole; j < headDim; j++) {
            accumulator[start + j] = accumulator[start + j] * factor + part[offset + j + skipped] * scale;
        }
    }

    /** Columns of COUNT channels that hold a head, rounded up to even as products come in pairs. */
    static int columns(int headDim) {
        int columns = (headDim + COUNT - 1) / COUNT;
        return columns + columns % 2;
    }

    /**
     * First channel of a column: the last one may start early, even before the head (where a chunk has its keys or the
     * values of the token before), to end where the head ends; one beyond it is a repetition that nobody reads.
     */
    static int firstChannel(int headDim, int column) {
        return Math.min(column * COUNT, headDim - COUNT);
    }
}
