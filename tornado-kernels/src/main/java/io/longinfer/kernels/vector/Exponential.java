package io.longinfer.kernels.vector;

import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;
import static jdk.incubator.vector.FloatVector.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential, for softmax and sigmoid. Stateless.
 *
 * <p>It takes arrays, and calls nothing of ours in its loop: a method that takes or gives vectors allocates them wherever
 * the compiler does not inline it, and in a large caller it may not.
 */
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
     * {@code x[i] = exp(x[i] * scale - subtrahend) * resultScale} for {@code n} values whose argument of exp is at most 0:
     * relative error under 3e-7; results that would be subnormal may be 0, and arguments down to -Float.MAX_VALUE give 0.
     *
     * @param lanes scratch, {@code [COUNT]}
     * @return the sum of the exponentials, without {@code resultScale}
     */
    public static float exp(
            float[] x, int offset, int n, float scale, float subtrahend, float resultScale, float[] lanes) {
        FloatVector sums = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i <= n - COUNT; i += COUNT) {
            FloatVector y = FloatVector.fromArray(FLOATS, x, offset + i)
                    .fma(broadcast(FLOATS, scale), broadcast(FLOATS, -subtrahend));
            // Compare and blend, not max(): Java's maximum of floats orders zeros and NaNs, in five instructions.
            y = y.blend(broadcast(FLOATS, SMALLEST), y.compare(VectorOperators.LT, broadcast(FLOATS, SMALLEST)));
            FloatVector shifted = y.fma(broadcast(FLOATS, LOG2_E), broadcast(FLOATS, ROUNDER));
            FloatVector m = shifted.sub(broadcast(FLOATS, ROUNDER));
            FloatVector r = m.fma(broadcast(FLOATS, -LN2_LOW), m.fma(broadcast(FLOATS, -LN2_HIGH), y));
            // exp(r) = 1 + r + r^2 p(r) for |r| <= ln 2 / 2; the polynomial is that of Moshier's Cephes.
            FloatVector p = r.fma(broadcast(FLOATS, 0.00019875691f), broadcast(FLOATS, 0.0013981999f))
                    .fma(r, broadcast(FLOATS, 0.008333452f))
                    .fma(r, broadcast(FLOATS, 0.041665796f))
                    .fma(r, broadcast(FLOATS, 0.16666666f))
                    .fma(r, broadcast(FLOATS, 0.5f))
                    .fma(r.mul(r), r)
                    .add(broadcast(FLOATS, 1f));
            FloatVector powerOfTwo = shifted.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(127 << 23)
                    .reinterpretAsFloats();
            FloatVector e = p.mul(powerOfTwo);
            sums = sums.add(e);
            e.mul(broadcast(FLOATS, resultScale)).intoArray(x, offset + i);
        }
        sums.intoArray(lanes, 0);
        float sum = Lanes.sum(lanes, 0);
        for (; i < n; i++) {
            float e = (float) Math.exp(x[offset + i] * scale - subtrahend);
            sum += e;
            x[offset + i] = e * resultScale;
        }
        return sum;
    }
}
