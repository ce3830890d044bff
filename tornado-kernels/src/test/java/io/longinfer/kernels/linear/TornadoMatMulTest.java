package io.longinfer.kernels.linear;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.quantization.TensorType;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;

class TornadoMatMulTest {
    private static final double TOLERANCE = 2e-6;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);

    @ParameterizedTest
    @CsvSource({
        "F32, 13, 52, 1",
        "F32, 66, 40, 65",
        "F16, 70, 577, 9",
        "Q8_0, 65, 96, 130",
        "Q4_0, 64, 32, 64",
        "Q4_1, 7, 160, 13",
        "Q6_K, 4, 256, 3"
    })
    void everyFormatAndNumberOfRows(TensorType type, int outputs, int columns, int rows) {
        ProductCase c = new ProductCase(type, outputs, columns, 1, rows, rows + 1, random);
        ProductForm form = ProductForm.of(c.weights);
        run(c, form);
        c.check(form, TOLERANCE, type + ", seed " + seed);
    }

    @ParameterizedTest
    @CsvSource({"STORE, true", "ADD, false", "ADD, true", "RELU, true", "GATED, false"})
    void everyEnd(String end, boolean bias) throws ReflectiveOperationException {
        int epilogue = ProductForm.class.getField(end).getInt(null);
        ProductCase c = new ProductCase(TensorType.Q8_0, 45, 64, 2, 5, 70, random);
        ProductForm form = ProductForm.of(c.weights).ending(epilogue, bias);
        run(c, form);
        c.check(form, TOLERANCE, "seed " + seed);
    }

    private static void run(ProductCase c, ProductForm form) {
        KernelContext context = new KernelContext();
        KernelRun.of()
                .in(c.step, c.x, c.weights.floats(), c.weights.ints(), c.bias, c.y)
                .task(
                        "product",
                        TornadoMatMul.grid(c.outputs, c.rows + 1, form),
                        graph -> graph.task(
                                "product",
                                TornadoMatMul::product,
                                context,
                                c.step,
                                c.x,
                                c.weights.floats(),
                                c.weights.ints(),
                                c.bias,
                                c.y,
                                c.columns,
                                c.outputs,
                                c.layerRows(),
                                Alignment.FIRST,
                                Alignment.FIRST,
                                form.bits()))
                .out(c.y)
                .run();
    }
}
