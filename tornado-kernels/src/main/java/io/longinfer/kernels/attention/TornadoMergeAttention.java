package io.longinfer.kernels.attention;

import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device kernel behind {@link TornadoDecodeAttention}: merges what the splits found into the running state of a layer, which
 * stays on the device from call to call, and writes what would be attended if this call were the last.
 *
 * <pre>
 * softmax       [rows][heads][2]          largest score and sum of exp(score - largest), as in {@link AttentionState}
 * accumulators  [rows][heads][headDim]    from first: sum of exp(score - largest) * value
 * attended      [rows][heads][headDim]    from first: accumulator / sum
 * </pre>
 */
public final class TornadoMergeAttention {
    /** Work-items of a group: one group a row and query head. */
    public static final int LOCAL_SIZE = 64;

    private TornadoMergeAttention() {}

    /**
     * Merges, in the order of the splits.
     *
     * @param partialSoftmax {@code [rows][heads][splits][2]}
     * @param partials {@code [rows][heads][splits][headDim]} from {@code first}
     * @param splits at most {@link #LOCAL_SIZE}
     */
    public static void merge(
            KernelContext context,
            IntArray step,
            FloatArray partialSoftmax,
            FloatArray partials,
            FloatArray softmax,
            FloatArray accumulators,
            FloatArray attended,
            int first,
            int heads,
            int headDim,
            int splits) {
        int local = context.localIdx;
        int rowHead = context.groupIdx;
        float[] maxima = context.allocateFloatLocalArray(LOCAL_SIZE);
        float[] sums = context.allocateFloatLocalArray(LOCAL_SIZE);
        float[] factors = context.allocateFloatLocalArray(LOCAL_SIZE);
        int live = rowHead < step.get(StepLayout.ROWS) * heads ? 1 : 0;
        int fresh = step.get(StepLayout.FRESH);
        float oldMax = AttentionState.FLOOR;
        float oldSum = 0f;
        if (live == 1) {
            if (fresh == 0) {
                oldMax = softmax.get(2 * rowHead);
                oldSum = softmax.get(2 * rowHead + 1);
            }
            if (local < splits) {
                maxima[local] = partialSoftmax.get(2 * (rowHead * splits + local));
                sums[local] = partialSoftmax.get(2 * (rowHead * splits + local) + 1);
            }
        }
        context.localBarrier();
        float max = oldMax;
        float sum = 0f;
        float oldFactor = 0f;
        if (live == 1) {
            for (int s = 0; s < splits; s++) {
                max = TornadoMath.max(max, maxima[s]);
            }
            oldFactor = TornadoMath.exp(oldMax - max);
            if (local < splits) {
                factors[local] = TornadoMath.exp(maxima[local] - max);
            }
        }
        context.localBarrier();
        if (live == 1) {
            sum = oldSum * oldFactor;
            for (int s = 0; s < splits; s++) {
                sum += sums[s] * factors[s];
            }
            if (local == 0) {
                softmax.set(2 * rowHead, max);
                softmax.set(2 * rowHead + 1, sum);
            }
            float inverse = sum > 0f ? 1f / sum : 0f;
            for (int j = local; j < headDim; j += LOCAL_SIZE) {
                float accumulator = 0f;
                if (fresh == 0) {
                    accumulator = accumulators.get(first + rowHead * headDim + j) * oldFactor;
                }
                for (int s = 0; s < splits; s++) {
                    accumulator += partials.get(first + (rowHead * splits + s) * headDim + j) * factors[s];
                }
                accumulators.set(first + rowHead * headDim + j, accumulator);
                attended.set(first + rowHead * headDim + j, accumulator * inverse);
            }
        }
    }

    /** The grid of {@link #merge}. */
    public static WorkerGrid grid(int heads, int maxRows) {
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(Math.multiplyExact(maxRows, heads), LOCAL_SIZE));
        grid.setLocalWork(LOCAL_SIZE, 1, 1);
        return grid;
    }
}
