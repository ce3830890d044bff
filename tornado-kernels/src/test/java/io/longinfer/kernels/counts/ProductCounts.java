package io.longinfer.kernels.counts;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.linear.PackedLayout;
import io.longinfer.kernels.linear.PackedWeights;
import io.longinfer.kernels.linear.ProductForm;
import io.longinfer.kernels.linear.TornadoMatMul;
import io.longinfer.kernels.linear.TornadoMatMulMma;
import io.longinfer.kernels.linear.TornadoMatVec;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.List;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products with packed weights, all of them 0: nothing but sizes decides what these kernels do. */
final class ProductCounts {
    private static final int PREFILL_ROWS = 128;
    private static final int TILE = 64;

    /** Outputs of a work-group of a matrix-vector product, of a gated one with their gates. */
    private static final int STREAMS = 4;

    private final CountTable table;
    private final ModelShape model;
    private final KernelContext context = new KernelContext();

    ProductCounts(CountTable table, ModelShape model) {
        this.table = table;
        this.model = model;
    }

    void add() {
        boolean small = model.width() < 1024;
        for (TensorType type : new TensorType[] {TensorType.Q4_0, TensorType.Q8_0}) {
            matVec("projection", type, model.width() + 2 * model.kvWidth(), model.width(), ProductForm.STORE, 1, true);
            matVec("up, gated", type, model.feedForward(), model.width(), ProductForm.GATED, 1, true);
            matVec("down", type, model.width(), model.feedForward(), ProductForm.ADD, 1, true);
            matVec("down", type, model.width(), model.feedForward(), ProductForm.ADD, 4, true);
            matMul("up, gated", type, model.feedForward(), model.width(), ProductForm.GATED);
            matMul("down", type, model.width(), model.feedForward(), ProductForm.ADD);
        }
        matVec("down, no shuffles", TensorType.Q4_0, model.width(), model.feedForward(), ProductForm.ADD, 1, false);
        matVec("down", TensorType.F16, model.width(), model.feedForward(), ProductForm.ADD, 1, true);
        matVec("down", TensorType.F32, model.width(), model.feedForward(), ProductForm.ADD, 1, true);
        if (small) {
            matVec("logits", TensorType.Q8_0, model.vocabulary(), model.width(), ProductForm.STORE, 1, true);
        }
        roundRows(model.feedForward());
        expandWeights(model.width(), model.feedForward());
        matMulMma(model.width(), model.feedForward());
    }

    /** Weights, activations and what else all forms of a product take. */
    private static final class Product {
        final TensorType type;
        final int outputs;
        final int columns;
        final int rows;
        final boolean gated;
        final PackedWeights weights;
        final IntArray step = new IntArray(StepLayout.FIRST_ROW);
        final FloatArray x;
        final FloatArray y;
        final FloatArray bias = new FloatArray(1);

        Product(TensorType type, int outputs, int columns, int end, int rows) {
            this.type = type;
            this.outputs = outputs;
            this.columns = columns;
            this.rows = rows;
            gated = end == ProductForm.GATED;
            int weightRows = gated ? 2 * outputs : outputs;
            try (Arena arena = Arena.ofShared()) {
                long bytes = weightRows * type.sizeBytes(columns);
                weights = PackedWeights.of(
                        List.of(new WeightMatrix("weights", type, weightRows, columns, arena.allocate(bytes))));
            }
            step.init(0);
            step.set(StepLayout.ROWS, rows);
            x = Alignment.activations(rows, columns);
            y = Alignment.activations(rows, outputs);
            x.init(0);
            y.init(0);
        }

        int weightRows() {
            return weights.outputs();
        }

        /** Weights as a file has them, activations once, and what an end that adds reads. */
        Traffic floor(boolean adds) {
            return new Traffic()
                    .floor(weightRows() * type.sizeBytes(columns))
                    .floor(4L * rows * columns + (adds ? 8L : 4L) * rows * outputs);
        }
    }

    private String shape(String name, TensorType type, int outputs, int columns, int rows) {
        return model.name() + " " + name + " " + type + " " + outputs + " x " + columns
                + (rows == 1 ? ", 1 row" : ", " + rows + " rows");
    }

    private void matVec(
            String name, TensorType type, int allOutputs, int columns, int end, int rows, boolean shuffles) {
        int outputs = model.sliced(allOutputs);
        String shape = shape(name, type, outputs, columns, rows);
        if (!table.wants("matVec", shape)) {
            return;
        }
        Product p = new Product(type, outputs, columns, end, rows);
        ProductForm plain = ProductForm.of(p.weights).on(shuffles).ending(end, false);
        ProductForm form = rows > 1 ? plain.forSeveralRows() : plain;
        int format = p.weights.format();
        long groups = Math.ceilDiv(p.weightRows(), STREAMS);
        int valueInts = PackedLayout.valueInts(format, columns);
        Traffic traffic = p.floor(end == ProductForm.ADD)
                .runs(p.weightRows(), valueInts)
                .runs((groups * rows) << format, valueInts);
        if (format == PackedLayout.Q8) {
            traffic.runs(p.weightRows(), columns / 64, 2);
        }
        if (format == PackedLayout.Q4) {
            traffic.runs(p.weightRows(), columns / 32);
        }
        // What a group ends with: a few words of each row.
        traffic.requests(groups, rows);
        if (end == ProductForm.ADD) {
            traffic.requests(groups, rows);
        }
        table.add(
                "matVec",
                shape,
                traffic,
                KernelRun.of()
                        .in(p.step, p.x, p.weights.floats(), p.weights.ints(), p.bias, p.y)
                        .task(
                                "product",
                                TornadoMatVec.grid(p.outputs, form),
                                graph -> graph.task(
                                        "product",
                                        TornadoMatVec::product,
                                        context,
                                        p.step,
                                        p.x,
                                        p.weights.floats(),
                                        p.weights.ints(),
                                        p.bias,
                                        p.y,
                                        columns,
                                        p.outputs,
                                        p.weightRows(),
                                        Alignment.FIRST,
                                        Alignment.FIRST,
                                        form.bits()))
                        .out(p.y));
    }

    private void matMul(String name, TensorType type, int allOutputs, int columns, int end) {
        int outputs = model.sliced(allOutputs);
        String shape = shape(name, type, outputs, columns, PREFILL_ROWS);
        if (!table.wants("matMul", shape)) {
            return;
        }
        Product p = new Product(type, outputs, columns, end, PREFILL_ROWS);
        ProductForm form = ProductForm.of(p.weights).ending(end, false);
        long tiles = (long) Math.ceilDiv(p.weightRows(), TILE) * Math.ceilDiv(PREFILL_ROWS, TILE);
        // Of 32 columns of a tile: 4 sectors of each 8 rows of weights, their scales, and of rows of activations.
        Traffic traffic = p.floor(end == ProductForm.ADD).requests(tiles * columns / 32 * (16 + 16 + 64), 4);
        traffic.runs((end == ProductForm.ADD ? 2L : 1L) * PREFILL_ROWS, p.outputs);
        table.add(
                "matMul",
                shape,
                traffic,
                KernelRun.of()
                        .in(p.step, p.x, p.weights.floats(), p.weights.ints(), p.bias, p.y)
                        .task(
                                "product",
                                TornadoMatMul.grid(p.outputs, PREFILL_ROWS, form),
                                graph -> graph.task(
                                        "product",
                                        TornadoMatMul::product,
                                        context,
                                        p.step,
                                        p.x,
                                        p.weights.floats(),
                                        p.weights.ints(),
                                        p.bias,
                                        p.y,
                                        columns,
                                        p.outputs,
                                        p.weightRows(),
                                        Alignment.FIRST,
                                        Alignment.FIRST,
                                        form.bits()))
                        .out(p.y));
    }

    private void matMulMma(int allOutputs, int columns) {
        int outputs = model.sliced(allOutputs);
        String shape = shape("down", TensorType.F16, outputs, columns, PREFILL_ROWS);
        if (!table.wants("matMulMma", shape)) {
            return;
        }
        Product p = new Product(TensorType.F16, outputs, columns, ProductForm.ADD, PREFILL_ROWS);
        ProductForm form = ProductForm.of(p.weights).ending(ProductForm.ADD, false);
        IntArray rounded = new IntArray(Alignment.FIRST + PREFILL_ROWS * TornadoMatMulMma.rowInts(columns));
        rounded.init(0);
        FloatArray scratch = new FloatArray(TornadoMatMulMma.scratchFloats(outputs, PREFILL_ROWS, form));
        long tiles = (long) Math.ceilDiv(outputs, TILE) * Math.ceilDiv(PREFILL_ROWS, TILE);
        // Of 32 columns of a tile, then sums to the scratch and back, and results read and written.
        Traffic traffic = new Traffic()
                .floor(2L * outputs * columns + 2L * PREFILL_ROWS * columns + 8L * PREFILL_ROWS * outputs)
                .requests(tiles * columns / 32 * (32 + 32), 4)
                .requests(tiles * 4 * TILE * TILE / 32, 4);
        table.add(
                "matMulMma",
                shape,
                traffic,
                KernelRun.of()
                        .in(p.step, rounded, p.weights.ints(), p.bias, p.y)
                        .scratch(scratch)
                        .task(
                                "multiply",
                                TornadoMatMulMma.grid(outputs, PREFILL_ROWS, form),
                                graph -> graph.task(
                                        "multiply",
                                        TornadoMatMulMma::multiplyTiles,
                                        context,
                                        p.step,
                                        rounded,
                                        p.weights.ints(),
                                        p.bias,
                                        scratch,
                                        p.y,
                                        columns,
                                        outputs,
                                        outputs,
                                        Alignment.FIRST,
                                        0,
                                        form.bits()))
                        .out(p.y));
    }

    private void roundRows(int columns) {
        String shape = model.name() + " " + PREFILL_ROWS + " x " + columns;
        if (!table.wants("roundRows", shape)) {
            return;
        }
        Product p = new Product(TensorType.F16, 1, columns, ProductForm.STORE, PREFILL_ROWS);
        IntArray rounded = new IntArray(Alignment.FIRST + PREFILL_ROWS * TornadoMatMulMma.rowInts(columns));
        long ints = (long) PREFILL_ROWS * TornadoMatMulMma.rowInts(columns);
        table.add(
                "roundRows",
                shape,
                new Traffic().floor(6L * PREFILL_ROWS * columns).runs(3, ints),
                KernelRun.of()
                        .in(p.step, p.x)
                        .task(
                                "round",
                                TornadoMatMulMma.flatGrid(PREFILL_ROWS, columns),
                                graph -> graph.task(
                                        "round",
                                        TornadoMatMulMma::roundRows,
                                        context,
                                        p.step,
                                        p.x,
                                        rounded,
                                        columns,
                                        Alignment.FIRST,
                                        Alignment.FIRST))
                        .out(rounded));
    }

    private void expandWeights(int allOutputs, int columns) {
        int outputs = model.sliced(allOutputs);
        String shape = model.name() + " Q4_0 " + outputs + " x " + columns;
        if (!table.wants("expandWeights", shape)) {
            return;
        }
        Product p = new Product(TensorType.Q4_0, outputs, columns, ProductForm.STORE, PREFILL_ROWS);
        ProductForm form = ProductForm.of(p.weights);
        IntArray expanded = new IntArray(Alignment.FIRST + outputs * TornadoMatMulMma.rowInts(columns));
        table.add(
                "expandWeights",
                shape,
                new Traffic()
                        .floor(outputs * (p.type.sizeBytes(columns) + 2L * columns))
                        .runs(outputs, TornadoMatMulMma.rowInts(columns)),
                KernelRun.of()
                        .in(p.step, p.weights.floats(), p.weights.ints())
                        .task(
                                "expand",
                                TornadoMatMulMma.flatGrid(outputs, columns),
                                graph -> graph.task(
                                        "expand",
                                        TornadoMatMulMma::expandWeights,
                                        context,
                                        p.step,
                                        p.weights.floats(),
                                        p.weights.ints(),
                                        expanded,
                                        columns,
                                        outputs,
                                        Alignment.FIRST,
                                        form.bits()))
                        .out(expanded));
    }
}
