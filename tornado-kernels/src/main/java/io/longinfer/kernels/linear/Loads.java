package io.longinfer.kernels.linear;

import io.longinfer.kernels.vector.Lanes;
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

/** The loads and conversions that the kernels of this package share. */
final class Loads {
    /** Vectors of as many bytes as {@link Lanes#FLOATS} has lanes; a half-block of 16 fills one or two. */
    static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, VectorShape.forBitSize(Lanes.COUNT * 8));

    static final ValueLayout.OfShort LITTLE_SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt LITTLE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Loads() {}

    /** The bytes from {@code at}, as ints from 0 to 255. */
    static IntVector unsignedBytes(MemorySegment w, long at) {
        return ints(ByteVector.fromMemorySegment(BYTES, w, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, 0));
    }

    /** The bytes from {@code at}, as floats from -128 to 127. */
    static FloatVector signedBytes(MemorySegment w, long at) {
        return floats(ints(ByteVector.fromMemorySegment(BYTES, w, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.B2I, Lanes.INTS, 0)));
    }

    /** The shorts from {@code at}, as ints with their sign. */
    static IntVector signedShorts(MemorySegment w, long at) {
        return ints(ShortVector.fromMemorySegment(Lanes.SHORTS, w, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.S2I, Lanes.INTS, 0));
    }

    /** The values of a vector of ints as floats. */
    static FloatVector floats(Vector<Integer> ints) {
        return (FloatVector) ints.convertShape(VectorOperators.I2F, Lanes.FLOATS, 0);
    }

    private static IntVector ints(Vector<?> vector) {
        return (IntVector) vector;
    }

    static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(Lanes.FLOATS, x, at);
    }

    static FloatVector zero() {
        return FloatVector.zero(Lanes.FLOATS);
    }

    static FloatVector broadcast(float value) {
        return FloatVector.broadcast(Lanes.FLOATS, value);
    }

    static float half(MemorySegment w, long at) {
        return Float.float16ToFloat(w.get(LITTLE_SHORT, at));
    }

    static int int32(MemorySegment w, long at) {
        return w.get(LITTLE_INT, at);
    }
}
