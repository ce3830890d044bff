package io.longinfer.kernels.linear;

import io.longinfer.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/** What one thread needs during a product; it grows to the largest matrix that the thread has met and stays. */
final class Scratch {
    private final float[] tile = new float[OuterTiles.TOKENS * OuterTiles.ROWS];
    private final float[] sums = new float[DotTiles.SUMS];
    private float[] scaled = new float[0];
    private float[] blockSums = new float[0];
    private float[] packed = new float[0];
    private float[] byBlock = new float[0];
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

    /**
     * Four tokens' activations in the order in which {@link FewTokens} takes them, so that one index serves for all: {@code
     * [blocks][vectors of a part][parts][FewTokens.TOKENS][COUNT]}. A token that is not there is the last one again.
     *
     * @param x {@code [width][xStride]} from {@code xAt}
     * @param parts in how many a block of 32 is cut, whose vectors alternate
     */
    float[] packed(float[] x, int xAt, int xStride, int width, int blocks, int parts, float scale) {
        int size = blocks * SmallBlocks.ELEMENTS * FewTokens.TOKENS;
        if (packed.length < size) {
            packed = new float[size];
        }
        int part = SmallBlocks.ELEMENTS / parts;
        int to = 0;
        for (int b = 0; b < blocks; b++) {
            for (int j = 0; j < part; j += Lanes.COUNT) {
                for (int c = b * SmallBlocks.ELEMENTS + j; c < (b + 1) * SmallBlocks.ELEMENTS; c += part) {
                    for (int t = 0; t < FewTokens.TOKENS; t++) {
                        int from = xAt + Math.min(t, width - 1) * xStride + c;
                        Loads.load(x, from).mul(scale).intoArray(packed, to);
                        to += Lanes.COUNT;
                    }
                }
            }
        }
        return packed;
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
}
