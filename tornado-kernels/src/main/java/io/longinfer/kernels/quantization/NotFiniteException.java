package io.longinfer.kernels.quantization;

import io.longinfer.kernels.attention.ChunkLayout;

/** A chunk holds an infinity or a NaN, for which there is no code: the model that computed it has gone astray. */
public final class NotFiniteException extends ArithmeticException {
    NotFiniteException(ChunkLayout layout, int group) {
        super((group < layout.headDim() ? "keys, channel " + group : "values, token " + (group - layout.headDim()))
                + ": expected finite numbers, found an infinity or a NaN");
    }
}
