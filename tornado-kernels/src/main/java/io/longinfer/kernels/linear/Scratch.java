package io.longinfer.kernels.linear;

import io.longinfer.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** What one thread needs during a product; it grows to the largest matrix that the thread has met and stays. */
final class Scratch {
    private final float[] tile = new float[OuterTiles.TOKENS * OuterTiles.ROWS];
    private final float[] sums = new float[DotTiles.SUMS];
    private float[] scaled = new float[0];
    private float[] blockSums = new float[0];
    private float[] rows = new float[0];
    private float[] panel = new float[0];

    /** The results of a tile of {@link OuterTiles}. */
    float[] tile() {
        return tile;
    }

    /** The sums of a tile of {@link DotTiles}, one a lane. */
    float[] sums() {
        return sums;
    }

    /** Rows expanded to floats. */
    float[] rows(int floats) {
        if (rows.length < floats) {
            rows = new float[floats];
        }
        return rows;
    }

    /** Rows laid out column by column. */
    float[] panel(int floats) {
        if (panel.length < floats) {
            panel = new float[floats];
        }
        return panel;
    }

    /** {@code scale * x} for {@code columns} values. */
    float[] scaled(float[] x, int xAt, int columns, float scale) {
        if (scaled.length < columns) {
            scaled = new float[columns];
        }
        for (int c = 0; c < columns; c++) {
            scaled[c] = scale * x[xAt + c];
        }
        return scaled;
    }

    /** The sums of each 32 values of {@code x}; those behind the last 32 are left out. */
    float[] blockSums(float[] x, int xAt, int columns) {
        int blocks = columns / SmallBlocks.ELEMENTS;
        if (blockSums.length < blocks) {
            blockSums = new float[blocks];
        }
        for (int b = 0; b < blocks; b++) {
            FloatVector sum = Loads.zero();
            for (int j = 0; j < SmallBlocks.ELEMENTS; j += Lanes.COUNT) {
                sum = sum.add(Loads.load(x, xAt + SmallBlocks.ELEMENTS * b + j));
            }
            blockSums[b] = sum.reduceLanes(VectorOperators.ADD);
        }
        return blockSums;
    }
}
