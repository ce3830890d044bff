package io.longinfer.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The exponential of vectors, for softmax and sigmoid. Stateless. */
public final class Exponential {
    private static final float LOG2_E = 1.442695f;
    /** ln 2 in two parts; the first has so few bits that its product with an integer up to 2^15 is exact. */
    private static final float LN2_HIGH = 0x1.63p-1f;

    private static final float LN2_LOW = -0.00021219444f;
    /** Added to a float below 2^22, leaves the nearest integer in its low bits. */
    private static final float ROUNDER = 0x1.8p23f;
    /** Rounds to 2^-127, which the integer arithmetic below makes a true zero. */
    private static final float SMALLEST = -88f;

    private Exponential() {}

    /**
     * {@code exp(x)} for {@code x <= 0}: relative error under 3e-7; results that would be subnormal may be 0, as are those of
     * any argument down to -Float.MAX_VALUE.
     */
    public static FloatVector exp(FloatVector x) {
        // Compare and blend, not max(): Java's maximum of floats orders zeros and NaNs and takes five instructions.
        FloatVector y = x.blend(SMALLEST, x.compare(VectorOperators.LT, SMALLEST));
        FloatVector shifted = y.fma(broadcast(LOG2_E), broadcast(ROUNDER));
        FloatVector n = shifted.sub(ROUNDER);
        FloatVector r = n.fma(broadcast(-LN2_LOW), n.fma(broadcast(-LN2_HIGH), y));
        // exp(r) = 1 + r + r^2 p(r) on |r| <= ln 2 / 2; the polynomial is that of Moshier's Cephes.
        FloatVector p = r.fma(broadcast(0.00019875691f), broadcast(0.0013981999f));
        p = p.fma(r, broadcast(0.008333452f));
        p = p.fma(r, broadcast(0.041665796f));
        p = p.fma(r, broadcast(0.16666666f));
        p = p.fma(r, broadcast(0.5f));
        p = p.fma(r.mul(r), r).add(1f);
        FloatVector powerOfTwo = shifted.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 23)
                .add(127 << 23)
                .reinterpretAsFloats();
        return p.mul(powerOfTwo);
    }

    private static FloatVector broadcast(float x) {
        return FloatVector.broadcast(Lanes.FLOATS, x);
    }
}
