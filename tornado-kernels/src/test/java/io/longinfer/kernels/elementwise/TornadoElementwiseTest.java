package io.longinfer.kernels.elementwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoElementwiseTest {
    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);
    private final KernelContext context = new KernelContext();
    private final IntArray step = new IntArray(StepLayout.FIRST_ROW);

    @Test
    void loadsTheRowsOfTheStep() {
        int width = 52;
        int rows = 3;
        step.init(0);
        step.set(StepLayout.ROWS, rows);
        FloatArray sent = RandomArrays.floats(Alignment.activations(rows + 2, width), random);
        FloatArray hidden = RandomArrays.floats(Alignment.activations(rows + 2, width), random);
        float[] expected = hidden.toHeapArray();
        System.arraycopy(sent.toHeapArray(), Alignment.FIRST, expected, Alignment.FIRST, rows * width);
        KernelRun.of()
                .in(step, sent, hidden)
                .task(
                        "load",
                        TornadoElementwise.loadGrid(rows + 2, width),
                        graph -> graph.task(
                                "load", TornadoElementwise::load, context, step, sent, hidden, width, Alignment.FIRST))
                .out(hidden)
                .run();
        assertArrayEquals(expected, hidden.toHeapArray());
    }

    @ParameterizedTest
    @CsvSource({"1, 70", "3, 1021", "2, 4098"})
    void theFirstOfTheGreatest(int rows, int vocabulary) {
        step.init(0);
        step.set(StepLayout.LOGITS_ROWS, rows);
        FloatArray logits = Alignment.activations(rows, vocabulary);
        int[] expected = new int[rows];
        for (int row = 0; row < rows; row++) {
            int at = Alignment.FIRST + row * vocabulary;
            for (int i = 0; i < vocabulary; i++) {
                logits.set(at + i, -10 - random.nextInt(100));
            }
            expected[row] = random.nextInt(vocabulary);
            logits.set(at + expected[row], -2f);
            logits.set(at + expected[row] + random.nextInt(vocabulary - expected[row]), -2f);
        }
        IntArray tokens = new IntArray(rows);
        KernelRun.of()
                .in(step, logits)
                .task(
                        "argmax",
                        TornadoElementwise.argmaxGrid(rows + 1),
                        graph -> graph.task(
                                "argmax",
                                TornadoElementwise::argmax,
                                context,
                                step,
                                logits,
                                tokens,
                                vocabulary,
                                Alignment.FIRST))
                .out(tokens)
                .run();
        for (int row = 0; row < rows; row++) {
            assertEquals(expected[row], tokens.get(row), "row " + row + ", seed " + seed);
        }
    }
}
