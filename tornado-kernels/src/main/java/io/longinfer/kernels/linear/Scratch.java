package io.longinfer.kernels.linear;

import io.longinfer.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/** What one thread needs during a product; it grows to the largest matrix that the thread has met and stays. */
final class Scratch {
    private final float[] tile = new float[OuterTiles.TOKENS * OuterTiles.ROWS];
    private final float[] sums = new float[DotTiles.SUMS];
    private float[] scaled = new float[0];
    private float[] blockSums = new float[0];
    private float[] byBlock = new float[0];
    private float[] tokenSums = new float[0];
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

    /** {@code [tokens][columns]}: {@code scale * x}. */
    float[] scaled(float[] x, int xStride, int tokens, int columns, float scale) {
        if (scaled.length < tokens * columns) {
            scaled = new float[tokens * columns];
        }
        for (int t = 0; t < tokens; t++) {
            scale(x, t * xStride, scaled, t * columns, columns, scale);
        }
        return scaled;
    }

    /** {@code scale * x} for {@code columns} values. */
    float[] scaled(float[] x, int xAt, int columns, float scale) {
        if (scaled.length < columns) {
            scaled = new float[columns];
        }
        scale(x, xAt, scaled, 0, columns, scale);
        return scaled;
    }

    private static void scale(float[] x, int xAt, float[] y, int yAt, int columns, float scale) {
        for (int c = 0; c < columns; c++) {
            y[yAt + c] = scale * x[xAt + c];
        }
    }

    /** {@code [tokens][blocks]}: the sums of each 32 values of {@code x}, {@code [tokens][xStride]}. */
    float[] blockSums(float[] x, int xStride, int tokens, int columns) {
        int blocks = columns / SmallBlocks.ELEMENTS;
        if (blockSums.length < tokens * blocks) {
            blockSums = new float[tokens * blocks];
        }
        for (int t = 0; t < tokens; t++) {
            sum(x, t * xStride, blocks, t * blocks);
        }
        return blockSums;
    }

    /** The sums of each 32 values of {@code x}; those behind the last 32 are left out. */
    float[] blockSums(float[] x, int xAt, int columns) {
        int blocks = columns / SmallBlocks.ELEMENTS;
        if (blockSums.length < blocks) {
            blockSums = new float[blocks];
        }
        sum(x, xAt, blocks, 0);
        return blockSums;
    }

    private void sum(float[] x, int xAt, int blocks, int at) {
        for (int b = 0; b < blocks; b++) {
            FloatVector sum = Loads.zero();
            for (int j = 0; j < SmallBlocks.ELEMENTS; j += Lanes.COUNT) {
                sum = sum.add(Loads.load(x, xAt + SmallBlocks.ELEMENTS * b + j));
            }
            sum.intoArray(sums, 0);
            blockSums[at + b] = Lanes.sum(sums, 0);
        }
    }

    /** {@code [blocks][COUNT]}: {@code factor} times the sums of {@code width} tokens from {@code first}, one a lane. */
    float[] byBlock(float[] sums, int first, int width, int blocks, float factor) {
        if (byBlock.length < blocks * Lanes.COUNT) {
            byBlock = new float[blocks * Lanes.COUNT];
        }
        for (int b = 0; b < blocks; b++) {
            for (int t = 0; t < width; t++) {
                byBlock[b * Lanes.COUNT + t] = factor * sums[(first + t) * blocks + b];
            }
        }
        return byBlock;
    }

    /** Sums of one token's activations. */
    float[] tokenSums(int blocks) {
        if (tokenSums.length < blocks) {
            tokenSums = new float[blocks];
        }
        return tokenSums;
    }
}
