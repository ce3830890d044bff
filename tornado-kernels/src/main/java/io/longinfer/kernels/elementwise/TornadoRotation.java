package io.longinfer.kernels.elementwise;

import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What attention takes, made of a layer's products: heads normalised, queries and keys turned by their positions, queries
 * scaled by {@code 1 / sqrt(headDim)}. A work-group for a head of a row.
 */
public final class TornadoRotation {
    /** A bit of {@code style}: pairs are channels (2i, 2i + 1) instead of (i, i + rotated / 2). */
    public static final int INTERLEAVED = 1;

    /** A bit of {@code style}: heads of queries and keys are normalised (RMS) before they are turned. */
    public static final int NORMS_HEADS = 2;

    /** A bit of {@code style}: the device has shuffles. */
    public static final int SHUFFLES = 4;

    private static final int LANES = 32;

    private TornadoRotation() {}

    /** The work-groups for up to {@code rows} rows. */
    public static WorkerGrid1D grid(int rows, int heads, int kvHeads) {
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(rows * (heads + 2 * kvHeads), LANES));
        grid.setLocalWork(LANES, 1, 1);
        return grid;
    }

    /**
     * Turns the rows of the step. Without KV heads it does so for queries alone.
     *
     * @param projected {@code [rows][heads + 2 kvHeads][headDim]} from {@code first}: queries, keys, values, with their biases
     * @param queryNorm {@code [layers][headDim]}; not read unless heads are normalised
     * @param keyNorm the same
     * @param cos {@code [rows][rotated / 2]}
     * @param sin the same
     * @param rotates {@code [layers]}: 1 where positions turn heads
     * @param queries {@code [rows][heads][headDim]} from {@code first}
     * @param keys {@code [rows][kvHeads][headDim]} from {@code first}
     * @param values {@code [rows][kvHeads][headDim]} from {@code first}
     * @param rotated leading channels of a head that are turned, even
     * @param epsilon of the norm of heads
     * @param style bits: {@link #INTERLEAVED}, {@link #NORMS_HEADS}, {@link #SHUFFLES}
     */
    public static void rotateHeads(
            KernelContext context,
            IntArray step,
            FloatArray projected,
            FloatArray queryNorm,
            FloatArray keyNorm,
            FloatArray cos,
            FloatArray sin,
            IntArray rotates,
            FloatArray queries,
            FloatArray keys,
            FloatArray values,
            int heads,
            int kvHeads,
            int headDim,
            int rotated,
            float epsilon,
            int first,
            int style) {
        float[] memory = context.allocateFloatLocalArray(LANES);
        int shuffles = (style & SHUFFLES) != 0 ? 1 : 0;
        int slots = heads + 2 * kvHeads;
        int lane = context.localIdx;
        int group = context.groupIdx;
        int row = group / slots;
        if (row < step.get(StepLayout.ROWS)) {
            int head = group - row * slots;
            int at = first + group * headDim;
            int layer = step.get(StepLayout.LAYER);
            float norm = 1f;
            if ((style & NORMS_HEADS) != 0) {
                float squares = 0f;
                for (int i = lane; i < headDim; i += LANES) {
                    squares += projected.get(at + i) * projected.get(at + i);
                }
                squares = WorkGroup.summand(context, squares, shuffles);
                if (WorkGroup.stores(lane, shuffles)) {
                    memory[WorkGroup.slot(lane, shuffles)] = squares;
                }
                context.localBarrier();
                float total = 0f;
                for (int i = 0; i < (shuffles == 1 ? 1 : LANES); i++) {
                    total += memory[i];
                }
                norm = 1f / TornadoMath.sqrt(total / headDim + epsilon);
            }
            int turned = rotates.get(layer) * rotated;
            int angles = row * (rotated / 2);
            int weights = layer * headDim;
            for (int i = lane; i < headDim; i += LANES) {
                if (head < heads) {
                    float x =
                            turn(projected, at, queryNorm, weights, norm, cos, sin, angles, i, turned, rotated, style);
                    queries.set(first + (row * heads + head) * headDim + i, x / TornadoMath.sqrt(headDim));
                } else if (head < heads + kvHeads) {
                    float x = turn(projected, at, keyNorm, weights, norm, cos, sin, angles, i, turned, rotated, style);
                    keys.set(first + (row * kvHeads + head - heads) * headDim + i, x);
                } else {
                    values.set(first + (row * kvHeads + head - heads - kvHeads) * headDim + i, projected.get(at + i));
                }
            }
        }
    }

    /** Channel {@code i} of a head, turned if it is less than {@code turned}. */
    private static float turn(
            FloatArray x,
            int at,
            FloatArray weight,
            int weightAt,
            float norm,
            FloatArray cos,
            FloatArray sin,
            int angles,
            int i,
            int turned,
            int rotated,
            int style) {
        float value = normed(x, at, weight, weightAt, norm, i, style);
        if (i < turned) {
            int half = rotated / 2;
            // The second channel of a pair takes its partner with a plus, the first with a minus.
            int second = i < half ? 0 : 1;
            int pair = i - second * half;
            int partner = pair + (1 - second) * half;
            if ((style & INTERLEAVED) != 0) {
                second = i & 1;
                pair = i >>> 1;
                partner = i ^ 1;
            }
            float other = normed(x, at, weight, weightAt, norm, partner, style) * (float) (2 * second - 1);
            value = value * cos.get(angles + pair) + other * sin.get(angles + pair);
        }
        return value;
    }

    private static float normed(FloatArray x, int at, FloatArray weight, int weightAt, float norm, int i, int style) {
        float value = x.get(at + i);
        if ((style & NORMS_HEADS) != 0) {
            value = value * norm * weight.get(weightAt + i);
        }
        return value;
    }
}
