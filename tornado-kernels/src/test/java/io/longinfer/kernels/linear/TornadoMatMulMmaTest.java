package io.longinfer.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.quantization.TensorType;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoMatMulMmaTest {
    /** Of the sum of magnitudes: both factors are rounded to 11 bits. */
    private static final double TOLERANCE = 1.0 / 1024;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);
    private final KernelContext context = new KernelContext();

    @ParameterizedTest
    @CsvSource({"F32, 52", "Q8_0, 96", "Q4_1, 160", "Q4_0, 64"})
    void expandsWeightsAndRoundsRows(TensorType type, int columns) {
        ProductCase c = new ProductCase(type, 5, columns, 1, 3, 4, random);
        ProductForm form = ProductForm.of(c.weights);
        IntArray expanded = halves(c.layerRows(), columns);
        IntArray rounded = halves(4, columns);
        prepare(c, form, expanded, rounded);
        for (int row = 0; row < c.outputs; row++) {
            float[] weights = c.weights.row(c.layer, row);
            for (int column = 0; column < columns; column++) {
                checkHalf(weights[column], half(expanded, row, column, columns), "weight");
                if (row < c.rows) {
                    float x = c.x.get(Alignment.FIRST + row * columns + column);
                    checkHalf(x, half(rounded, row, column, columns), "activation");
                }
            }
        }
    }

    private void checkHalf(float expected, float actual, String what) {
        // Fused or not, what is rounded to fp16 may differ in its last bit, and so the result by one of fp16's.
        assertEquals(expected, actual, 1e-7f + Math.abs(expected) / 1024, what + ", seed " + seed);
    }

    private static float half(IntArray rows, int row, int column, int columns) {
        int at = Alignment.FIRST + row * TornadoMatMulMma.rowInts(columns) + column / 16 * 8 + column % 8;
        return Float.float16ToFloat((short) (rows.get(at) >>> (16 * (column / 8 % 2))));
    }

    @ParameterizedTest
    @CsvSource({
        "F16, 64, 64, 64, STORE, false",
        "F16, 13, 577, 1, STORE, true",
        "Q8_0, 70, 96, 130, ADD, true",
        "Q4_0, 65, 160, 65, RELU, true",
        "Q8_0, 45, 64, 70, GATED, false",
    })
    void multiplies(TensorType type, int outputs, int columns, int rows, String end, boolean bias)
            throws ReflectiveOperationException {
        assumeTrue(KernelRun.matrixInstructions(), "the device has no matrix instructions");
        int epilogue = ProductForm.class.getField(end).getInt(null);
        int matrices = epilogue == ProductForm.GATED ? 2 : 1;
        ProductCase c = new ProductCase(type, outputs, columns, matrices, rows, rows, random);
        ProductForm form = ProductForm.of(c.weights).ending(epilogue, bias);
        IntArray rounded = halves(rows, columns);
        IntArray expanded = halves(c.layerRows(), columns);
        prepare(c, form, expanded, rounded);
        boolean expands = type != TensorType.F16;
        IntArray weights = expands ? expanded : c.weights.ints();
        FloatArray scratch = new FloatArray(TornadoMatMulMma.scratchFloats(outputs, rows, form));
        KernelRun.of()
                .in(c.step, rounded, weights, c.bias, c.y)
                .scratch(scratch)
                .task(
                        "multiply",
                        TornadoMatMulMma.grid(outputs, rows, form),
                        graph -> graph.task(
                                "multiply",
                                TornadoMatMulMma::multiplyTiles,
                                context,
                                c.step,
                                rounded,
                                weights,
                                c.bias,
                                scratch,
                                c.y,
                                columns,
                                outputs,
                                c.layerRows(),
                                Alignment.FIRST,
                                expands ? 1 : 0,
                                form.bits()))
                .out(c.y)
                .run();
        c.check(form, TOLERANCE, type + ", seed " + seed);
    }

    private void prepare(ProductCase c, ProductForm form, IntArray expanded, IntArray rounded) {
        KernelRun.of()
                .in(c.step, c.x, c.weights.floats(), c.weights.ints())
                .task(
                        "expand",
                        TornadoMatMulMma.flatGrid(c.layerRows(), c.columns),
                        graph -> graph.task(
                                "expand",
                                TornadoMatMulMma::expandWeights,
                                context,
                                c.step,
                                c.weights.floats(),
                                c.weights.ints(),
                                expanded,
                                c.columns,
                                c.layerRows(),
                                Alignment.FIRST,
                                form.bits()))
                .task(
                        "round",
                        TornadoMatMulMma.flatGrid(c.rows + 1, c.columns),
                        graph -> graph.task(
                                "round",
                                TornadoMatMulMma::roundRows,
                                context,
                                c.step,
                                c.x,
                                rounded,
                                c.columns,
                                Alignment.FIRST,
                                Alignment.FIRST))
                .out(expanded, rounded)
                .run();
    }

    private static IntArray halves(int rows, int columns) {
        return new IntArray(Alignment.FIRST + rows * TornadoMatMulMma.rowInts(columns));
    }
}
