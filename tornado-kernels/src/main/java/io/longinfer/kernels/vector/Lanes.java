package io.longinfer.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width of the kernels: what the processor prefers, at most 512 bits. The kernels are right for 4, 8
 * and 16 lanes; those of weight products, never chosen where there are 4, for 8 and 16.
 *
 * <p>The system property {@code longinfer.vectorBits} sets another width; it is for tests, since a width that the processor
 * lacks is emulated, very slowly.
 */
public final class Lanes {
    /** Vectors of floats. */
    public static final VectorSpecies<Float> FLOATS = floats();

    /** Vectors of as many ints. */
    public static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

    /** Vectors of as many shorts. */
    public static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    /** Lanes of each. */
    public static final int COUNT = FLOATS.length();

    private Lanes() {}

    /** Whether vectors are wide enough (8 floats) to be worth using; below, callers take the scalar twins. */
    public static boolean supported() {
        return COUNT >= 8;
    }

    /**
     * The sum of a vector's lanes that lie in an array, always in the same order; may overwrite them. What {@code reduceLanes}
     * adds up depends on whether the compiler or the interpreter runs it, and with that a result on how warm the process is.
     */
    public static float sum(float[] lanes, int at) {
        if (COUNT == 8) {
            // The tree below, in registers.
            float even = (lanes[at] + lanes[at + 4]) + (lanes[at + 2] + lanes[at + 6]);
            float odd = (lanes[at + 1] + lanes[at + 5]) + (lanes[at + 3] + lanes[at + 7]);
            return even + odd;
        }
        for (int half = COUNT / 2; half > 0; half /= 2) {
            for (int i = at; i < at + half; i++) {
                lanes[i] += lanes[i + half];
            }
        }
        return lanes[at];
    }

    private static VectorSpecies<Float> floats() {
        int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        int bits = Integer.getInteger("longinfer.vectorBits", Math.clamp(preferred, 128, 512));
        if (bits != 128 && bits != 256 && bits != 512) {
            throw new IllegalArgumentException("longinfer.vectorBits is 128, 256 or 512, not " + bits);
        }
        return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
    }
}
