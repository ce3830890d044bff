package io.longinfer.kvcache;

import io.longinfer.kernels.device.DecoderShape;

/** Shapes for tests. */
public final class Shapes {
    private Shapes() {}

    /** A decoder of those layers and heads, the rest being of no interest here. */
    public static DecoderShape of(int layers, int heads, int kvHeads, int headDim) {
        DecoderShape.Rope rope = new DecoderShape.Rope(2, false, new double[] {1.0}, 1f);
        return new DecoderShape(layers, 64, heads, kvHeads, headDim, 64, 64, 1e-5f, rope, 4096);
    }
}
