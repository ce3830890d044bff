package io.longinfer.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.TensorType;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.KernelContext;

class TornadoMatVecTest {
    private static final double TOLERANCE = 2e-6;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);

    @ParameterizedTest
    @CsvSource({
        "F32, 13, 52, 1",
        "F32, 4, 40, 3",
        "F32, 1, 577, 8",
        "F16, 13, 52, 1",
        "F16, 6, 1021, 5",
        "Q8_0, 13, 576, 1",
        "Q8_0, 5, 32, 4",
        "Q4_0, 13, 576, 1",
        "Q4_1, 7, 96, 2",
        "Q4_1, 3, 2080, 8",
        "Q6_K, 9, 512, 1"
    })
    void everyFormatAndNumberOfRows(TensorType type, int outputs, int columns, int rows) {
        ProductCase c = new ProductCase(type, outputs, columns, 1, rows, rows, random);
        ProductForm form = ProductForm.of(c.weights);
        run(c, rows > 2 ? form.forSeveralRows() : form);
        c.check(form, TOLERANCE, type + ", seed " + seed);
    }

    @ParameterizedTest
    @CsvSource({"STORE, true", "ADD, false", "ADD, true", "RELU, false", "RELU, true", "GATED, false"})
    void everyEnd(String end, boolean bias) throws ReflectiveOperationException {
        int epilogue = ProductForm.class.getField(end).getInt(null);
        ProductCase c = new ProductCase(TensorType.Q8_0, 13, 160, 2, 3, 4, random);
        ProductForm form = ProductForm.of(c.weights).ending(epilogue, bias);
        run(c, form);
        c.check(form, TOLERANCE, "seed " + seed);
    }

    @Test
    void rowsOfLogits() {
        ProductCase c = new ProductCase(TensorType.F16, 70, 40, 1, 2, 2, random);
        c.step.set(StepLayout.ROWS, 1);
        ProductForm form = ProductForm.of(c.weights).forLogits();
        run(c, form);
        c.check(form, TOLERANCE, "seed " + seed);
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"F32", "F16", "Q8_0", "Q4_0"})
    void aRowIsTheSameAmongOthers(TensorType type) {
        int rows = 7;
        ProductCase many = new ProductCase(type, 9, 320, 1, rows, rows, random);
        run(many, ProductForm.of(many.weights).forSeveralRows());
        float[] together = many.y.toHeapArray();
        ProductForm single = ProductForm.of(many.weights);
        run(many, single);
        for (int i = Alignment.FIRST; i < together.length; i++) {
            assertEquals(together[i], many.y.get(i), "seed " + seed + " at " + i);
        }
    }

    @Test
    void shufflesWhereTheyAre() {
        if (KernelRun.shuffles()) {
            ProductCase c = new ProductCase(TensorType.Q4_0, 10, 1536, 1, 6, 6, random);
            ProductForm form = ProductForm.of(c.weights).on(true).forSeveralRows();
            run(c, form);
            c.check(form, TOLERANCE, "seed " + seed);
        }
    }

    private static void run(ProductCase c, ProductForm form) {
        KernelContext context = new KernelContext();
        KernelRun.of()
                .in(c.step, c.x, c.weights.floats(), c.weights.ints(), c.bias, c.y)
                .task(
                        "product",
                        TornadoMatVec.grid(c.outputs, form),
                        graph -> graph.task(
                                "product",
                                TornadoMatVec::product,
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
