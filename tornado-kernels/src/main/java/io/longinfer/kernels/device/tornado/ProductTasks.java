package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.linear.PackedLayout;
import io.longinfer.kernels.linear.PackedWeights;
import io.longinfer.kernels.linear.ProductForm;
import io.longinfer.kernels.linear.TornadoMatMul;
import io.longinfer.kernels.linear.TornadoMatMulMma;
import io.longinfer.kernels.linear.TornadoMatVec;
import java.util.Optional;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds products with weights to graphs: for a few rows each weight is read once, for many in tiles, or by matrix instructions.
 */
final class ProductTasks {
    private final KernelContext context;
    private final boolean decoding;
    private final Optional<MatrixUnitArrays> matrixUnits;
    private final boolean shuffles;
    private final int maxRows;

    ProductTasks(
            KernelContext context,
            boolean decoding,
            Optional<MatrixUnitArrays> matrixUnits,
            boolean shuffles,
            int maxRows) {
        this.context = context;
        this.decoding = decoding;
        this.matrixUnits = matrixUnits;
        this.shuffles = shuffles;
        this.maxRows = maxRows;
    }

    /** {@code y = matrix x}, with the end that {@code end} says, as ProductForm does. */
    void product(
            Graphs.Stage stage,
            String name,
            IntArray step,
            FloatArray x,
            PackedWeights matrix,
            DeviceWeights.Bias bias,
            FloatArray y,
            int outputs,
            int end) {
        ProductForm form = ProductForm.of(matrix).on(shuffles).ending(end, bias.present());
        if (decoding) {
            matVec(stage, name, step, x, matrix, bias, y, outputs, maxRows > 1 ? form.forSeveralRows() : form);
        } else if (matrixUnits.isPresent()) {
            matMul(stage, name, step, x, matrix, bias, y, outputs, form, matrixUnits.get());
        } else {
            matMul(stage, name, step, x, matrix, bias, y, outputs, form);
        }
    }

    /** By matrix instructions: activations rounded to fp16, a layer's weights too unless they are, then the product. */
    private void matMul(
            Graphs.Stage stage,
            String name,
            IntArray step,
            FloatArray x,
            PackedWeights matrix,
            DeviceWeights.Bias bias,
            FloatArray y,
            int outputs,
            ProductForm form,
            MatrixUnitArrays arrays) {
        int columns = matrix.columns();
        boolean expand = matrix.format() != PackedLayout.F16;
        stage.graph()
                .task(
                        name + "Rows",
                        TornadoMatMulMma::roundRows,
                        context,
                        step,
                        x,
                        arrays.rounded,
                        columns,
                        Alignment.FIRST,
                        Alignment.FIRST);
        stage.grid(name + "Rows", TornadoMatMulMma.flatGrid(maxRows, columns));
        if (expand) {
            stage.graph()
                    .task(
                            name + "Weights",
                            TornadoMatMulMma::expandWeights,
                            context,
                            step,
                            matrix.floats(),
                            matrix.ints(),
                            arrays.expanded,
                            columns,
                            matrix.outputs(),
                            Alignment.FIRST,
                            form.bits());
            stage.grid(name + "Weights", TornadoMatMulMma.flatGrid(matrix.outputs(), columns));
        }
        stage.graph()
                .task(
                        name,
                        TornadoMatMulMma::multiplyTiles,
                        context,
                        step,
                        arrays.rounded,
                        expand ? arrays.expanded : matrix.ints(),
                        bias.values(),
                        arrays.sums,
                        y,
                        columns,
                        outputs,
                        matrix.outputs(),
                        Alignment.FIRST,
                        expand ? 1 : 0,
                        form.bits());
        stage.grid(name, TornadoMatMulMma.grid(outputs, maxRows, form));
    }

    private void matMul(
            Graphs.Stage stage,
            String name,
            IntArray step,
            FloatArray x,
            PackedWeights matrix,
            DeviceWeights.Bias bias,
            FloatArray y,
            int outputs,
            ProductForm form) {
        stage.graph()
                .task(
                        name,
                        TornadoMatMul::product,
                        context,
                        step,
                        x,
                        matrix.floats(),
                        matrix.ints(),
                        bias.values(),
                        y,
                        matrix.columns(),
                        outputs,
                        matrix.outputs(),
                        Alignment.FIRST,
                        Alignment.FIRST,
                        form.bits());
        stage.grid(name, TornadoMatMul.grid(outputs, maxRows, form));
    }

    /** For a few rows. */
    void matVec(
            Graphs.Stage stage,
            String name,
            IntArray step,
            FloatArray x,
            PackedWeights matrix,
            DeviceWeights.Bias bias,
            FloatArray y,
            int outputs,
            ProductForm form) {
        stage.graph()
                .task(
                        name,
                        TornadoMatVec::product,
                        context,
                        step,
                        x,
                        matrix.floats(),
                        matrix.ints(),
                        bias.values(),
                        y,
                        matrix.columns(),
                        outputs,
                        matrix.outputs(),
                        Alignment.FIRST,
                        Alignment.FIRST,
                        form.bits());
        stage.grid(name, TornadoMatVec.grid(outputs, form));
    }
}
