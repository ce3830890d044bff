package io.longinfer.kernels.elementwise;

import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Small operations at the beginning and the end of a step. */
public final class TornadoElementwise {
    private static final int LOAD_LANES = 64;
    private static final int ARGMAX_LANES = 256;

    private TornadoElementwise() {}

    /** The work-groups of {@link #load}, for up to {@code rows} rows. */
    public static WorkerGrid1D loadGrid(int rows, int width) {
        WorkerGrid1D grid = new WorkerGrid1D(Math.ceilDiv(Math.multiplyExact(rows, width), LOAD_LANES) * LOAD_LANES);
        grid.setLocalWork(LOAD_LANES, 1, 1);
        return grid;
    }

    /**
     * Takes what the host has sent as the hidden state.
     *
     * @param sent {@code [rows][width]} from {@code first}
     * @param hidden {@code [rows][width]} from {@code first}
     */
    public static void load(
            KernelContext context, IntArray step, FloatArray sent, FloatArray hidden, int width, int first) {
        int i = context.globalIdx;
        if (i < step.get(StepLayout.ROWS) * width) {
            hidden.set(first + i, sent.get(first + i));
        }
    }

    /** The work-groups of {@link #argmax}, for up to {@code rows} rows of logits. */
    public static WorkerGrid1D argmaxGrid(int rows) {
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(rows, ARGMAX_LANES));
        grid.setLocalWork(ARGMAX_LANES, 1, 1);
        return grid;
    }

    /**
     * The token of the greatest logit of each row, of several the first.
     *
     * @param logits {@code [rows of logits][vocabulary]} from {@code first}
     * @param tokens {@code [rows of logits]}
     */
    public static void argmax(
            KernelContext context, IntArray step, FloatArray logits, IntArray tokens, int vocabulary, int first) {
        float[] greatest = context.allocateFloatLocalArray(ARGMAX_LANES);
        int[] where = context.allocateIntLocalArray(ARGMAX_LANES);
        int row = context.groupIdx;
        int lane = context.localIdx;
        if (row < step.get(StepLayout.LOGITS_ROWS)) {
            int at = first + row * vocabulary;
            int best = lane < vocabulary ? lane : 0;
            float most = logits.get(at + best);
            for (int i = lane; i < vocabulary; i += ARGMAX_LANES) {
                float logit = logits.get(at + i);
                best = logit > most ? i : best;
                most = logit > most ? logit : most;
            }
            greatest[lane] = most;
            where[lane] = best;
            context.localBarrier();
            for (int half = ARGMAX_LANES >>> 1; half > 0; half >>>= 1) {
                if (lane < half) {
                    float other = greatest[lane + half];
                    int token = where[lane + half];
                    if (other > greatest[lane] || (other == greatest[lane] && token < where[lane])) {
                        greatest[lane] = other;
                        where[lane] = token;
                    }
                }
                context.localBarrier();
            }
            if (lane == 0) {
                tokens.set(row, where[0]);
            }
        }
    }
}
