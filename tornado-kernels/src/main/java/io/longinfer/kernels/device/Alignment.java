package io.longinfer.kernels.device;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Where the rows of a device array begin: an array has a header in front of element 0, so that element 0 does not stand at a
 * multiple of 32 bytes, which is what a device moves at a time. Weights and activations therefore begin at element {@link
 * #FIRST}; if their rows are a multiple of 8 elements long, every row begins at such a multiple.
 */
public final class Alignment {
    /** Bytes that a device moves at a time. */
    public static final int SECTOR_BYTES = 32;

    /** Elements of 4 bytes in a sector. */
    public static final int SECTOR_INTS = SECTOR_BYTES / Integer.BYTES;

    /** The first element of an array of 4-byte elements that stands at a sector's beginning. */
    public static final int FIRST =
            (int) (Math.floorMod(-TornadoNativeArray.ARRAY_HEADER, (long) SECTOR_BYTES) / Integer.BYTES);

    private Alignment() {}

    /** Activations {@code [rows][width]} behind {@link #FIRST} elements that nobody uses. */
    public static FloatArray activations(int rows, int width) {
        return new FloatArray(Math.addExact(FIRST, Math.multiplyExact(rows, width)));
    }
}
