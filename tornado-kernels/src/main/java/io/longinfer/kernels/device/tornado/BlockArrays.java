package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What a block of up to so many rows needs on the device: what the host sends for it at each execution, its activations, and
 * the state of its attention. Activations begin at {@link Alignment#FIRST}.
 */
final class BlockArrays {
    final int maxRows;

    /** As {@link StepLayout} says; the second one for the layer behind. */
    final IntArray step;

    final IntArray nextStep;

    /** {@code [rows][width]}, {@code [rows][rotated / 2]}: sent by the host. */
    final FloatArray sent;

    final FloatArray cos;
    final FloatArray sin;

    /** {@code [rows][width]} */
    final FloatArray hidden;

    final FloatArray normed;

    /** {@code [rows][heads + 2 kvHeads][headDim]} */
    final FloatArray projected;

    /** {@code [rows][heads][headDim]}; {@code [rows][kvHeads][headDim]} */
    final FloatArray queries;

    final FloatArray keys;
    final FloatArray values;
    final FloatArray attended;

    /** {@code [rows][heads][2]}, {@code [rows][heads][headDim]}: see TornadoMergeAttention. */
    final FloatArray softmax;

    final FloatArray accumulators;

    /** {@code [rows][feedForward]} */
    final FloatArray inner;

    /** {@code [rows][heads][headDim]}: guesses for the layer behind, from {@link #guessedProjection}. */
    final FloatArray guessed;

    final FloatArray guessedProjection;

    BlockArrays(DecoderShape shape, int maxRows, Graphs graphs) {
        this.maxRows = maxRows;
        int stepInts = StepLayout.FIRST_ROW + Math.multiplyExact(maxRows, StepLayout.ROW_INTS);
        step = new IntArray(stepInts);
        nextStep = new IntArray(stepInts);
        step.init(0);
        nextStep.init(0);
        sent = Alignment.activations(maxRows, shape.width());
        int angles = Math.max(1, Math.multiplyExact(maxRows, shape.rope().rotated() / 2));
        cos = new FloatArray(angles);
        sin = new FloatArray(angles);
        hidden = graphs.allocated(Alignment.activations(maxRows, shape.width()));
        normed = graphs.allocated(Alignment.activations(maxRows, shape.width()));
        projected = graphs.allocated(Alignment.activations(maxRows, shape.queryWidth() + 2 * shape.kvWidth()));
        queries = graphs.allocated(Alignment.activations(maxRows, shape.queryWidth()));
        keys = graphs.allocated(Alignment.activations(maxRows, shape.kvWidth()));
        values = graphs.allocated(Alignment.activations(maxRows, shape.kvWidth()));
        attended = graphs.allocated(Alignment.activations(maxRows, shape.queryWidth()));
        softmax = graphs.allocated(new FloatArray(Math.multiplyExact(maxRows, 2 * shape.heads())));
        accumulators = graphs.allocated(Alignment.activations(maxRows, shape.queryWidth()));
        inner = graphs.allocated(Alignment.activations(maxRows, shape.feedForward()));
        guessed = graphs.allocated(Alignment.activations(maxRows, shape.queryWidth()));
        guessedProjection = graphs.allocated(Alignment.activations(maxRows, shape.queryWidth()));
    }
}
