package io.longinfer.simulator.launch;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Matrix instructions of 16 x 8 sums over 16 columns. On a device a fragment is spread over a warp's lanes; here each lane has
 * all of it and computes all of it, and only stores what would be its own. So it is not seen whether all lanes of a warp are
 * there. Local memory is read with the usual checks.
 */
public final class MatrixTiles {
    private static final int ROWS = 16;
    private static final int OUTPUTS = 8;
    private static final int DEPTH = 16;
    private static final int LANES_PER_ROW = 4;

    private MatrixTiles() {}

    /** Sums that are all {@code value}. */
    public static float[] sums(float value) {
        float[] sums = new float[ROWS * OUTPUTS];
        Arrays.fill(sums, value);
        return sums;
    }

    /** The left factor: {@code [16][16]} from a byte of a tile, two in an int, the first in its low half. */
    public static HalfFloat[] left(WorkItem item, int[] tile, int fromByte) {
        return load(item, tile, fromByte, ROWS * DEPTH);
    }

    /** The right factor, {@code [16][8]}, the same way. */
    public static HalfFloat[] right(WorkItem item, int[] tile, int fromByte) {
        return load(item, tile, fromByte, DEPTH * OUTPUTS);
    }

    private static HalfFloat[] load(WorkItem item, int[] tile, int fromByte, int count) {
        HalfFloat[] factor = new HalfFloat[count];
        for (int i = 0; i < count; i += 2) {
            int index = (fromByte + i * Short.BYTES) / Integer.BYTES;
            item.readLocal(tile, index);
            factor[i] = new HalfFloat((short) tile[index]);
            factor[i + 1] = new HalfFloat((short) (tile[index] >>> 16));
        }
        return factor;
    }

    /** {@code sums + left * right}, rounded once. */
    public static float[] multiply(HalfFloat[] left, HalfFloat[] right, float[] sums) {
        float[] result = new float[ROWS * OUTPUTS];
        for (int row = 0; row < ROWS; row++) {
            for (int output = 0; output < OUTPUTS; output++) {
                double sum = sums[row * OUTPUTS + output];
                for (int k = 0; k < DEPTH; k++) {
                    sum += (double) left[row * DEPTH + k].getFloat32() * right[k * OUTPUTS + output].getFloat32();
                }
                result[row * OUTPUTS + output] = (float) sum;
            }
        }
        return result;
    }

    /** Stores what of the sums is a lane's, two neighbours of two rows. */
    public static void store(float[] sums, FloatArray target, int row, int column, int stride, int lane) {
        for (int r = lane / LANES_PER_ROW; r < ROWS; r += ROWS / 2) {
            for (int o = lane % LANES_PER_ROW * 2; o < lane % LANES_PER_ROW * 2 + 2; o++) {
                target.set((row + r) * stride + column + o, sums[r * OUTPUTS + o]);
            }
        }
    }
}
