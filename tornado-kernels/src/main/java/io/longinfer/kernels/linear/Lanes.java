package io.longinfer.kernels.linear;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width that the kernels of this package use, and the loads and conversions they share. The width is this
 * machine's, between 8 and 16 floats: half a block of 16 nibbles is the most that one vector takes.
 *
 * <p>System property {@code longinfer.vector.bits} sets it to 256 or 512, so that either can be tested on any machine.
 */
final class Lanes {
    static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, VectorShape.forBitSize(bits()));
    static final int COUNT = FLOATS.length();
    static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
    static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(COUNT * 16));
    static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, VectorShape.forBitSize(COUNT * 8));

    private static final ValueLayout.OfShort LITTLE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LITTLE_INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Lanes() {}

    private static int bits() {
        int preferred = Integer.getInteger("longinfer.vector.bits", FloatVector.SPECIES_PREFERRED.vectorBitSize());
        return Math.clamp(Integer.highestOneBit(preferred), 256, 512);
    }

    /** The bytes from {@code at}, as ints from 0 to 255. */
    static IntVector unsignedBytes(MemorySegment w, long at) {
        return ints(ByteVector.fromMemorySegment(BYTES, w, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0));
    }

    /** The bytes from {@code at}, as floats from -128 to 127. */
    static FloatVector signedBytes(MemorySegment w, long at) {
        return floats(ints(ByteVector.fromMemorySegment(BYTES, w, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.B2I, INTS, 0)));
    }

    /** The shorts from {@code at}, as ints with their sign. */
    static IntVector signedShorts(MemorySegment w, long at) {
        return ints(ShortVector.fromMemorySegment(SHORTS, w, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.S2I, INTS, 0));
    }

    /** The values of a vector of ints as floats. */
    static FloatVector floats(Vector<Integer> ints) {
        return (FloatVector) ints.convertShape(VectorOperators.I2F, FLOATS, 0);
    }

    private static IntVector ints(Vector<?> vector) {
        return (IntVector) vector;
    }

    static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(FLOATS, x, at);
    }

    static FloatVector zero() {
        return FloatVector.zero(FLOATS);
    }

    static FloatVector broadcast(float value) {
        return FloatVector.broadcast(FLOATS, value);
    }

    static float half(MemorySegment w, long at) {
        return Float.float16ToFloat(w.get(LITTLE_SHORT, at));
    }

    static int int32(MemorySegment w, long at) {
        return w.get(LITTLE_INT, at);
    }
}
