package io.longinfer.kernels.elementwise;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoNormsTest {
    private static final int LAYERS = 3;
    private static final float EPSILON = 1e-5f;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);
    private final ScalarElementwiseKernels reference = new ScalarElementwiseKernels();

    @ParameterizedTest
    @CsvSource({
        "0, 40, 1, false",
        "0, 577, 3, false",
        "0, 4, 2, true",
        "1, 40, 5, false",
        "1, 1021, 1, true",
    })
    void likeTheScalarOne(int kind, int width, int rows, boolean logits) {
        run(kind, width, rows, logits, false);
        if (KernelRun.shuffles()) {
            run(kind, width, rows, logits, true);
        }
    }

    private void run(int kind, int width, int rows, boolean logits, boolean shuffles) {
        int firstRow = logits ? 2 : 0;
        int layer = logits ? 0 : random.nextInt(LAYERS);
        IntArray step = new IntArray(StepLayout.FIRST_ROW);
        step.init(0);
        step.set(StepLayout.LAYER, logits ? 1 : layer);
        step.set(logits ? StepLayout.LOGITS_ROWS : StepLayout.ROWS, rows);
        step.set(StepLayout.LOGITS_ROW, firstRow);
        FloatArray hidden = RandomArrays.floats(Alignment.activations(firstRow + rows, width), random);
        FloatArray weight = RandomArrays.floats(new FloatArray(LAYERS * width), random);
        FloatArray bias = RandomArrays.floats(new FloatArray(LAYERS * width), random);
        FloatArray normed = Alignment.activations(rows, width);
        float[] expected = new float[normed.getSize()];
        KernelContext context = new KernelContext();
        KernelRun.of()
                .in(step, hidden, weight, bias)
                .task(
                        "norm",
                        TornadoNorms.grid(rows + 1),
                        graph -> graph.task(
                                "norm",
                                TornadoNorms::norm,
                                context,
                                step,
                                hidden,
                                weight,
                                bias,
                                normed,
                                width,
                                EPSILON,
                                Alignment.FIRST,
                                kind,
                                logits ? 1 : 0,
                                shuffles ? 1 : 0))
                .out(normed)
                .run();
        float[] x = hidden.toHeapArray();
        float[] w = RandomArrays.part(weight, layer * width, width);
        float[] b = RandomArrays.part(bias, layer * width, width);
        for (int row = 0; row < rows; row++) {
            int from = Alignment.FIRST + (firstRow + row) * width;
            int to = Alignment.FIRST + row * width;
            if (kind == TornadoNorms.RMS) {
                reference.rmsNorm(x, from, w, EPSILON, expected, to, width);
            } else {
                reference.layerNorm(x, from, w, b, EPSILON, expected, to, width);
            }
        }
        for (int i = Alignment.FIRST; i < Alignment.FIRST + rows * width; i++) {
            assertEquals(expected[i], normed.get(i), 2e-6f * (1 + Math.abs(expected[i])), "seed " + seed + " at " + i);
        }
    }
}
