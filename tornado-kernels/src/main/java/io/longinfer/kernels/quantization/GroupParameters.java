package io.longinfer.kernels.quantization;

/**
 * Offset and step of a group of a quantised chunk, both as fp16 bits in one int as they lie in memory: the offset in its low
 * half. The offset is the group's minimum. The step is the least fp16 number with which the largest code reaches the
 * maximum, unless that code would then stand for more than fp16 can hold, in which case it is the one below (and the maximum
 * is a quarter of a step beyond the largest code at most).
 *
 * <p>Numbers are given as <em>ordered</em> fp16 bits: those of negative numbers with the magnitude complemented, so that
 * they compare as integers.
 */
final class GroupParameters {
    /** Codes are 0 to this. */
    static final int LARGEST_CODE = 255;

    /** In the middle of the 16 codes that share a high half. */
    static final float MIDDLE = 7.5f;

    private static final short LARGEST_FINITE = 0x7bff;

    /** Numbers from here on round to infinity. */
    private static final float BEYOND_FP16 = 65520f;

    private GroupParameters() {}

    /** Bits that compare as integers; its own inverse. */
    static short ordered(short bits) {
        return (short) (bits ^ (bits >> 15 & 0x7fff));
    }

    /** Whether both extremes of a group, and so all its numbers, are finite. */
    static boolean finite(short orderedMin, short orderedMax) {
        return orderedMax <= LARGEST_FINITE && orderedMin >= ~LARGEST_FINITE;
    }

    /** The parameters of a group with these extremes, which are finite. */
    static int of(short orderedMin, short orderedMax) {
        short offsetBits = ordered(orderedMin);
        float offset = Float.float16ToFloat(offsetBits);
        float exact = (Float.float16ToFloat(ordered(orderedMax)) - offset) / LARGEST_CODE;
        short step = Float.floatToFloat16(exact);
        if (Float.float16ToFloat(step) < exact) {
            step++;
        }
        if (offset + Float.float16ToFloat(step) * LARGEST_CODE >= BEYOND_FP16) {
            step--;
        }
        return (offsetBits & 0xffff) | (step << 16);
    }

    static float offset(int parameters) {
        return Float.float16ToFloat((short) parameters);
    }

    static float step(int parameters) {
        return Float.float16ToFloat((short) (parameters >> 16));
    }

    /** What a difference from the offset is multiplied by to give a code; 0 for step 0. */
    static float inverse(int parameters) {
        float step = step(parameters);
        return step == 0 ? 0 : 1 / step;
    }
}
