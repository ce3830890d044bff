package io.longinfer.simulator.launch;

import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Matrix instructions of 16 x 8 sums over 16 columns. A lane's sums are two neighbours of two rows, as on a device; but it reads
 * itself all that they are made of, instead of what the device's lanes share out. So it is not seen whether all lanes of a warp
 * are there. Local memory is read with the usual checks.
 */
public final class MatrixTiles {
    private static final int OUTPUTS = 8;
    private static final int DEPTH = 16;
    private static final int LANES_PER_ROW = 4;

    /** From a lane's first row to its second. */
    private static final int ROW_STEP = 8;

    /** A lane's sums: two of its first row, two of its second. */
    private static final int SUMS = 4;

    private MatrixTiles() {}

    /** Sums that are all {@code value}. */
    public static float[] sums(float value) {
        return new float[] {value, value, value, value};
    }

    /** A lane's two rows of the left factor, {@code [16][16]} from a byte of a tile, two in an int, the first in its low half. */
    public static HalfFloat[] left(WorkItem item, int[] tile, int fromByte, int lane) {
        HalfFloat[] rows = new HalfFloat[2 * DEPTH];
        for (int i = 0; i < rows.length; i++) {
            int row = lane / LANES_PER_ROW + i / DEPTH * ROW_STEP;
            rows[i] = half(item, tile, fromByte + (row * DEPTH + i % DEPTH) * Short.BYTES);
        }
        return rows;
    }

    /** A lane's two columns of the right factor, {@code [16][8]} the same way. */
    public static HalfFloat[] right(WorkItem item, int[] tile, int fromByte, int lane) {
        HalfFloat[] columns = new HalfFloat[2 * DEPTH];
        for (int i = 0; i < columns.length; i++) {
            int column = lane % LANES_PER_ROW * 2 + i / DEPTH;
            columns[i] = half(item, tile, fromByte + (i % DEPTH * OUTPUTS + column) * Short.BYTES);
        }
        return columns;
    }

    private static HalfFloat half(WorkItem item, int[] tile, int atByte) {
        int index = atByte / Integer.BYTES;
        item.readLocal(tile, index);
        return new HalfFloat((short) (tile[index] >>> (atByte % Integer.BYTES * Byte.SIZE)));
    }

    /** {@code sums + left * right}, rounded once. */
    public static float[] multiply(HalfFloat[] left, HalfFloat[] right, float[] sums) {
        float[] result = new float[SUMS];
        for (int i = 0; i < SUMS; i++) {
            double sum = sums[i];
            for (int k = 0; k < DEPTH; k++) {
                sum += (double) left[i / 2 * DEPTH + k].getFloat32() * right[i % 2 * DEPTH + k].getFloat32();
            }
            result[i] = (float) sum;
        }
        return result;
    }

    /** Stores a lane's sums. */
    public static void store(float[] sums, FloatArray target, int row, int column, int stride, int lane) {
        for (int i = 0; i < SUMS; i++) {
            int r = row + lane / LANES_PER_ROW + i / 2 * ROW_STEP;
            target.set(r * stride + column + lane % LANES_PER_ROW * 2 + i % 2, sums[i]);
        }
    }
}
