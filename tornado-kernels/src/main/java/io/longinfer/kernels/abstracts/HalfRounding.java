package io.longinfer.kernels.abstracts;

/** Rounds floats to fp16 in one direction, so that a bound stays a bound. Stateless. */
public final class HalfRounding {
    private HalfRounding() {}

    /** The bits of the greatest fp16 that is at most {@code value}, which is finite and not below -65504. */
    public static short down(float value) {
        short bits = Float.floatToFloat16(value);
        return Float.float16ToFloat(bits) > value ? below(bits) : bits;
    }

    /** The bits of the least fp16 that is at least {@code value}, which is finite and not above 65504. */
    public static short up(float value) {
        return (short) (down(-value) ^ 0x8000);
    }

    private static short below(short bits) {
        if (bits == 0) {
            return (short) 0x8001;
        }
        return (short) (bits > 0 ? bits - 1 : bits + 1);
    }
}
