package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.DecoderShape;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Rows whose logits are computed together. */
final class LogitsArrays {
    /** Most of them. */
    static final int ROWS = 8;

    /** {@code [ROWS][width]} */
    final FloatArray normed;

    /** {@code [ROWS][vocabulary]} */
    final FloatArray logits;

    LogitsArrays(DecoderShape shape, Graphs graphs) {
        normed = graphs.allocated(Alignment.activations(ROWS, shape.width()));
        logits = graphs.allocated(Alignment.activations(ROWS, shape.vocabulary()));
    }
}
