package io.longinfer.kernels.quantization;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * Two fp16 numbers in an int, the one of even index in its low half, for device kernels: TornadoVM has no way to see a float's
 * bits in a kernel, and its OpenCL backend no half conversion that works without {@code cl_khr_fp16}. All methods are compiled
 * into kernels, so they neither branch on data nor call anything that TornadoVM does not know. Finite numbers only.
 */
public final class PackedHalves {
    private static final int EXPONENT_BITS = 10;
    private static final float EXPONENT_BIAS = 1f / (1 << 25);
    private static final float MAX_FINITE = 65504f;

    private PackedHalves() {}

    /** The number in the low half. */
    public static float low(int packed) {
        return number(packed, 0);
    }

    /** The number in the high half. */
    public static float high(int packed) {
        return number(packed, 16);
    }

    /**
     * A number of fp16.
     *
     * @param bits 0 to 65535
     */
    public static float number(int bits) {
        return number(bits, 0);
    }

    /** The number that begins at bit {@code from}: few instructions, as attention spends most of its own here. */
    private static float number(int packed, int from) {
        int exponent = (packed >> (from + EXPONENT_BITS)) & 31;
        int normal = TornadoMath.min(exponent, 1); // 0 for zero and subnormals, whose exponent counts as 1
        float significand = (float) (((packed >> from) & 1023) + (normal << EXPONENT_BITS));
        int sign = 1 - ((packed >> (from + 14)) & 2);
        float power = (float) (sign << TornadoMath.max(exponent, 1));
        return significand * power * EXPONENT_BIAS;
    }

    /** Two numbers, rounded to nearest even, greater ones to the greatest finite fp16. */
    public static int pack(float low, float high) {
        return bits(low) | (bits(high) << 16);
    }

    /** A number's bits in fp16, 0 to 65535. */
    public static int bits(float x) {
        float magnitude = x < 0 ? -x : x;
        float scaled = magnitude > MAX_FINITE ? MAX_FINITE : magnitude;
        // Brings it below 2 in steps of powers of two, all exact, and counts them: 15 is an exponent of 0.
        int exponent = 15;
        int step = scaled >= 256f ? 8 : 0;
        scaled = step > 0 ? scaled * (1f / 256) : scaled;
        exponent += step;
        step = scaled >= 16f ? 4 : 0;
        scaled = step > 0 ? scaled * (1f / 16) : scaled;
        exponent += step;
        step = scaled >= 4f ? 2 : 0;
        scaled = step > 0 ? scaled * (1f / 4) : scaled;
        exponent += step;
        step = scaled >= 2f ? 1 : 0;
        scaled = step > 0 ? scaled * (1f / 2) : scaled;
        exponent += step;
        // And up to 1, but no further than the least normal exponent.
        step = scaled < 1f / 128 ? 8 : 0;
        scaled = step > 0 ? scaled * 256f : scaled;
        exponent -= step;
        step = scaled < 1f / 8 ? 4 : 0;
        scaled = step > 0 ? scaled * 16f : scaled;
        exponent -= step;
        step = scaled < 1f / 2 ? 2 : 0;
        scaled = step > 0 ? scaled * 4f : scaled;
        exponent -= step;
        step = scaled < 1f && exponent > 1 ? 1 : 0;
        scaled = step > 0 ? scaled * 2f : scaled;
        exponent -= step;
        float units = scaled * 1024f;
        int truncated = (int) units;
        float rest = units - (float) truncated;
        int odd = truncated & 1;
        int up = rest > 0.5f ? 1 : (rest == 0.5f ? odd : 0);
        // A significand that rounds up to 2048 carries into the exponent, one that lacks the leading bit takes it from
        // there.
        int sign = x < 0 ? 0x8000 : 0;
        return sign | (((exponent - 1) << EXPONENT_BITS) + truncated + up);
    }
}
