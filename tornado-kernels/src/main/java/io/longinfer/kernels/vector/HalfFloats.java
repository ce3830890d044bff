package io.longinfer.kernels.vector;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Vectors of fp16 numbers in memory. Stateless.
 *
 * <p>Moving the bits of an fp16 number to where a float has them gives its value times 2^-112, exactly, subnormals too:
 * three instructions, if the factor is made up for elsewhere. A product's operands may be 2^56 too large and its result
 * 2^56 too small: then nothing overflows or loses bits on the way.
 */
public final class HalfFloats {
    /** 2^56: its square takes a decoded number back to its value. */
    public static final float HALF_SCALE = 0x1p56f;

    private HalfFloats() {}

    /** The fp16 numbers at an offset in bytes, times 2^-112. Infinities and NaNs come out as numbers above 65504 * 2^-112. */
    public static FloatVector load(MemorySegment memory, long offset) {
        IntVector wide =
                (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, memory, offset, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.S2I, Lanes.INTS, 0);
        // The sign was extended over five bits, of which the exponent's upper three must go.
        return wide.lanewise(VectorOperators.LSHL, 13).and(0x8FFFE000).reinterpretAsFloats();
    }
}
