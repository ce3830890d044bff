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

class TornadoRotationTest {
    private static final int LAYERS = 3;
    private static final float EPSILON = 1e-6f;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);
    private final ScalarElementwiseKernels reference = new ScalarElementwiseKernels();

    @ParameterizedTest
    @CsvSource({
        "1, 3, 1, 8, 8, 0, true",
        "5, 4, 2, 64, 64, 0, true",
        "2, 2, 2, 40, 16, 1, true",
        "3, 6, 2, 128, 128, 2, true",
        "1, 1, 1, 72, 36, 3, false",
        "2, 3, 0, 64, 64, 0, true",
    })
    void likeTheScalarOne(int rows, int heads, int kvHeads, int headDim, int rotated, int style, boolean turned) {
        Turn turn = new Turn(rows, heads, kvHeads, headDim, rotated, style, turned);
        turn.run(style);
        turn.check();
        if (KernelRun.shuffles()) {
            turn.run(style | TornadoRotation.SHUFFLES);
            turn.check();
        }
    }

    private final class Turn {
        final int rows;
        final int heads;
        final int kvHeads;
        final int headDim;
        final int rotated;
        final int style;
        final int layer = random.nextInt(LAYERS);
        final IntArray step = new IntArray(StepLayout.FIRST_ROW);
        final IntArray rotates = new IntArray(LAYERS);
        final FloatArray projected;
        final FloatArray queryNorm;
        final FloatArray keyNorm;
        final FloatArray cos;
        final FloatArray sin;
        final FloatArray queries;
        final FloatArray keys;
        final FloatArray values;

        Turn(int rows, int heads, int kvHeads, int headDim, int rotated, int style, boolean turned) {
            this.rows = rows;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.headDim = headDim;
            this.rotated = rotated;
            this.style = style;
            step.init(0);
            step.set(StepLayout.LAYER, layer);
            step.set(StepLayout.ROWS, rows);
            rotates.init(turned ? 0 : 1);
            rotates.set(layer, turned ? 1 : 0);
            projected = RandomArrays.floats(Alignment.activations(rows, (heads + 2 * kvHeads) * headDim), random);
            queryNorm = RandomArrays.floats(new FloatArray(LAYERS * headDim), random);
            keyNorm = RandomArrays.floats(new FloatArray(LAYERS * headDim), random);
            cos = RandomArrays.floats(new FloatArray(rows * rotated / 2), random);
            sin = RandomArrays.floats(new FloatArray(rows * rotated / 2), random);
            queries = Alignment.activations(rows, heads * headDim);
            keys = Alignment.activations(rows, kvHeads * headDim);
            values = new FloatArray(keys.getSize());
        }

        void run(int style) {
            queries.init(-1);
            keys.init(-1);
            values.init(-1);
            KernelContext context = new KernelContext();
            KernelRun.of()
                    .in(step, projected, queryNorm, keyNorm, cos, sin, rotates, queries, keys, values)
                    .task(
                            "rotate",
                            TornadoRotation.grid(rows + 1, heads, kvHeads),
                            graph -> graph.task(
                                    "rotate",
                                    TornadoRotation::rotateHeads,
                                    context,
                                    step,
                                    projected,
                                    queryNorm,
                                    keyNorm,
                                    cos,
                                    sin,
                                    rotates,
                                    queries,
                                    keys,
                                    values,
                                    heads,
                                    kvHeads,
                                    headDim,
                                    rotated,
                                    EPSILON,
                                    Alignment.FIRST,
                                    style))
                    .out(queries, keys, values)
                    .run();
        }

        void check() {
            int slots = heads + 2 * kvHeads;
            for (int row = 0; row < rows; row++) {
                for (int slot = 0; slot < slots; slot++) {
                    float[] head =
                            RandomArrays.part(projected, Alignment.FIRST + (row * slots + slot) * headDim, headDim);
                    if (slot < heads) {
                        turn(head, queryNorm, row);
                        for (int i = 0; i < headDim; i++) {
                            head[i] *= (float) (1 / Math.sqrt(headDim));
                        }
                        check("query", head, queries, Alignment.FIRST + (row * heads + slot) * headDim);
                    } else if (slot < heads + kvHeads) {
                        turn(head, keyNorm, row);
                        check("key", head, keys, Alignment.FIRST + (row * kvHeads + slot - heads) * headDim);
                    } else {
                        check(
                                "value",
                                head,
                                values,
                                Alignment.FIRST + (row * kvHeads + slot - heads - kvHeads) * headDim);
                    }
                }
            }
        }

        private void turn(float[] head, FloatArray weight, int row) {
            if ((style & TornadoRotation.NORMS_HEADS) != 0) {
                float[] w = RandomArrays.part(weight, layer * headDim, headDim);
                reference.rmsNorm(head, 0, w, EPSILON, head, 0, headDim);
            }
            if (rotates.get(layer) == 1) {
                boolean interleaved = (style & TornadoRotation.INTERLEAVED) != 0;
                float[] c = cos.toHeapArray();
                float[] s = sin.toHeapArray();
                reference.rotate(head, 0, 1, headDim, c, s, row * rotated / 2, rotated, interleaved);
            }
        }

        private void check(String what, float[] expected, FloatArray actual, int at) {
            for (int i = 0; i < headDim; i++) {
                float tolerance = 4e-6f * (1 + Math.abs(expected[i]));
                assertEquals(expected[i], actual.get(at + i), tolerance, what + " " + i + ", seed " + seed);
            }
        }
    }
}
