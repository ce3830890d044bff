package io.longinfer.kernels.counts;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.elementwise.TornadoElementwise;
import io.longinfer.kernels.elementwise.TornadoNorms;
import io.longinfer.kernels.elementwise.TornadoRotation;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Small kernels over rows of activations. */
final class RowCounts {
    private static final float EPSILON = 1e-5f;

    private final CountTable table;
    private final ModelShape model;
    private final KernelContext context = new KernelContext();

    RowCounts(CountTable table, ModelShape model) {
        this.table = table;
        this.model = model;
    }

    void add() {
        for (int rows : new int[] {1, 128}) {
            load(rows);
            norm(rows);
            rotate(rows);
        }
        argmax();
    }

    private static IntArray step(int rows) {
        IntArray step = new IntArray(StepLayout.FIRST_ROW);
        step.init(0);
        step.set(StepLayout.ROWS, rows);
        step.set(StepLayout.LOGITS_ROWS, rows);
        return step;
    }

    private static FloatArray zeros(FloatArray array) {
        array.init(0);
        return array;
    }

    private String shape(int rows) {
        return model.name() + (rows == 1 ? " 1 row" : " " + rows + " rows");
    }

    private void load(int rows) {
        IntArray step = step(rows);
        FloatArray sent = zeros(Alignment.activations(rows, model.width()));
        FloatArray hidden = Alignment.activations(rows, model.width());
        long words = (long) rows * model.width();
        table.add(
                "load",
                shape(rows),
                new Traffic().floor(8 * words).runs(2, words),
                KernelRun.of()
                        .in(step, sent)
                        .task(
                                "load",
                                TornadoElementwise.loadGrid(rows, model.width()),
                                graph -> graph.task(
                                        "load",
                                        TornadoElementwise::load,
                                        context,
                                        step,
                                        sent,
                                        hidden,
                                        model.width(),
                                        Alignment.FIRST))
                        .out(hidden));
    }

    private void norm(int rows) {
        int width = model.width();
        IntArray step = step(rows);
        FloatArray hidden = zeros(Alignment.activations(rows, width));
        FloatArray weight = zeros(new FloatArray(width));
        FloatArray bias = zeros(new FloatArray(1));
        FloatArray normed = Alignment.activations(rows, width);
        table.add(
                "norm",
                shape(rows),
                new Traffic().floor(8L * rows * width + 4L * width).runs(4L * rows, width),
                KernelRun.of()
                        .in(step, hidden, weight, bias)
                        .task(
                                "norm",
                                TornadoNorms.grid(rows),
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
                                        TornadoNorms.RMS,
                                        0,
                                        1))
                        .out(normed));
    }

    private void rotate(int rows) {
        int headDim = model.headDim();
        IntArray step = step(rows);
        int slots = model.heads() + 2 * model.kvHeads();
        FloatArray projected = zeros(Alignment.activations(rows, slots * headDim));
        FloatArray headNorm = zeros(new FloatArray(headDim));
        FloatArray cos = zeros(new FloatArray(rows * headDim / 2));
        FloatArray sin = zeros(new FloatArray(rows * headDim / 2));
        IntArray rotates = new IntArray(1);
        rotates.set(0, 1);
        FloatArray queries = Alignment.activations(rows, model.heads() * headDim);
        FloatArray keys = Alignment.activations(rows, model.kvWidth());
        FloatArray values = Alignment.activations(rows, model.kvWidth());
        long turned = (long) rows * (model.heads() + model.kvHeads());
        table.add(
                "rotateHeads",
                shape(rows),
                new Traffic()
                        .floor(8L * rows * slots * headDim + 4L * rows * headDim)
                        .runs(2L * rows * slots, headDim)
                        .runs(3 * turned, headDim),
                KernelRun.of()
                        .in(step, projected, headNorm, cos, sin, rotates)
                        .task(
                                "rotate",
                                TornadoRotation.grid(rows, model.heads(), model.kvHeads()),
                                graph -> graph.task(
                                        "rotate",
                                        TornadoRotation::rotateHeads,
                                        context,
                                        step,
                                        projected,
                                        headNorm,
                                        headNorm,
                                        cos,
                                        sin,
                                        rotates,
                                        queries,
                                        keys,
                                        values,
                                        model.heads(),
                                        model.kvHeads(),
                                        headDim,
                                        headDim,
                                        EPSILON,
                                        Alignment.FIRST,
                                        TornadoRotation.SHUFFLES))
                        .out(queries, keys, values));
    }

    private void argmax() {
        IntArray step = step(1);
        FloatArray logits = zeros(Alignment.activations(1, model.vocabulary()));
        IntArray tokens = new IntArray(1);
        table.add(
                "argmax",
                model.name() + " " + model.vocabulary(),
                new Traffic()
                        .floor(4L * model.vocabulary() + 4)
                        .runs(1, model.vocabulary())
                        .runs(1, 256),
                KernelRun.of()
                        .in(step, logits)
                        .task(
                                "argmax",
                                TornadoElementwise.argmaxGrid(1),
                                graph -> graph.task(
                                        "argmax",
                                        TornadoElementwise::argmax,
                                        context,
                                        step,
                                        logits,
                                        tokens,
                                        model.vocabulary(),
                                        Alignment.FIRST))
                        .out(tokens));
    }
}
