package io.longinfer.kernels.elementwise;

import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Norms of hidden states, a work-group for a row. */
public final class TornadoNorms {
    /** In place of a {@code kind}: by the root of the mean square, without a bias. */
    public static final int RMS = 0;

    /** In place of a {@code kind}: by mean and variance, with a bias. */
    public static final int LAYER = 1;

    private static final int LANES = 128;

    private TornadoNorms() {}

    /** The work-groups for up to {@code rows} rows. */
    public static WorkerGrid1D grid(int rows) {
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(rows, LANES));
        grid.setLocalWork(LANES, 1, 1);
        return grid;
    }

    /**
     * Normalises all rows of the step with the weights of its layer, or those rows whose logits are asked for.
     *
     * @param hidden {@code [rows][width]} from {@code first}
     * @param weight {@code [layers][width]}, or {@code [width]} for logits
     * @param bias the same; not read by {@link #RMS}
     * @param normed {@code [rows][width]} from {@code first}, or {@code [rows of logits][width]}
     * @param kind {@link #RMS} or {@link #LAYER}
     * @param logits 1 for the rows of logits, 0 for all
     * @param shuffles 1 where the device has them
     */
    public static void norm(
            KernelContext context,
            IntArray step,
            FloatArray hidden,
            FloatArray weight,
            FloatArray bias,
            FloatArray normed,
            int width,
            float epsilon,
            int first,
            int kind,
            int logits,
            int shuffles) {
        float[] memory = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int row = context.groupIdx;
        int slot = WorkGroup.slot(lane, shuffles);
        int parts = WorkGroup.parts(LANES, shuffles);
        if (row < step.get(logits == 1 ? StepLayout.LOGITS_ROWS : StepLayout.ROWS)) {
            int from = first + (logits == 1 ? step.get(StepLayout.LOGITS_ROW) + row : row) * width;
            int to = first + row * width;
            int weightAt = logits == 1 ? 0 : step.get(StepLayout.LAYER) * width;
            float mean = 0f;
            float squares = 0f;
            // First the mean, if there is one, then the squares of the distances from it.
            for (int pass = 1 - kind; pass < 2; pass++) {
                float sum = 0f;
                for (int i = lane; i < width; i += LANES) {
                    float distance = hidden.get(from + i) - mean;
                    sum += pass == 0 ? distance : distance * distance;
                }
                sum = WorkGroup.summand(context, sum, shuffles);
                if (WorkGroup.stores(lane, shuffles)) {
                    memory[slot] = sum;
                }
                context.localBarrier();
                if (shuffles == 0) {
                    if (lane < WorkGroup.PARTS) {
                        float part = 0f;
                        for (int i = lane; i < LANES; i += WorkGroup.PARTS) {
                            part += memory[i];
                        }
                        memory[lane] = part;
                    }
                    context.localBarrier();
                }
                float total = 0f;
                for (int part = 0; part < parts; part++) {
                    total += memory[part];
                }
                context.localBarrier();
                mean = pass == 0 ? total / width : mean;
                squares = total;
            }
            float scale = 1f / TornadoMath.sqrt(squares / width + epsilon);
            for (int i = lane; i < width; i += LANES) {
                float value = (hidden.get(from + i) - mean) * scale * weight.get(weightAt + i);
                if (kind == LAYER) {
                    value += bias.get(weightAt + i);
                }
                normed.set(to + i, value);
            }
        }
    }
}
