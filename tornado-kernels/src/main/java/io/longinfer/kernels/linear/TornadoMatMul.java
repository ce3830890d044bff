package io.longinfer.kernels.linear;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of packed weights with many rows of activations, as prefill needs them, in single precision. A work-group computes 64
 * rows of 64 outputs (32 of a gated product, each with its gate) from tiles of 32 columns in local memory, an item 8 rows of 4
 * outputs in registers.
 */
public final class TornadoMatMul {
    private static final int LANES = 128;
    private static final int TILE_ROWS = 64;
    private static final int TILE_OUTPUTS = 64;
    private static final int TILE_COLUMNS = 32;

    /** Items side by side along outputs, and along rows. */
    private static final int OUTPUT_LANES = 16;

    private static final int ROW_LANES = LANES / OUTPUT_LANES;

    /** From a column of a tile to the next, so that 8 columns of 4 rows are in different banks of local memory. */
    private static final int STRIDE = TILE_OUTPUTS + 4;

    private TornadoMatMul() {}

    /**
     * The work-groups of {@link #product}, for up to {@code rows} rows.
     *
     * @param outputs of {@code y}
     */
    public static WorkerGrid1D grid(int outputs, int rows, ProductForm form) {
        int each = form.epilogue() == ProductForm.GATED ? TILE_OUTPUTS / 2 : TILE_OUTPUTS;
        int groups = Math.multiplyExact(Math.ceilDiv(outputs, each), Math.ceilDiv(rows, TILE_ROWS));
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(groups, LANES));
        grid.setLocalWork(LANES, 1, 1);
        return grid;
    }

    /**
     * What {@link TornadoMatVec#product} computes, with the same arguments.
     *
     * @param step as {@link io.longinfer.kernels.device.StepLayout} says
     * @param x {@code [rows][columns]} from {@code xFirst}
     * @param floats the weights {@code [layers][layerRows][rowInts]} from {@code first} if they are F32
     * @param ints the weights if they are not
     * @param bias {@code [layers][layerRows]}; not read if there is none
     * @param y {@code [rows][outputs]} from {@code first}
     * @param layerRows rows of weights of a layer, of which the first {@code outputs} are used; of a gated product {@code 2
     *     outputs}, gates first
     * @param xFirst where {@code x} begins
     * @param first where {@code y} and the weights begin
     * @param form bits of a {@link ProductForm}, whose lanes and numbers of rows mean nothing here
     */
    // The sums are explicit, as only those stay in registers.
    public static void product(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray floats,
            IntArray ints,
            FloatArray bias,
            FloatArray y,
            int columns,
            int outputs,
            int layerRows,
            int xFirst,
            int first,
            int form) {
        float[] weightTile = context.allocateFloatLocalArray(TILE_COLUMNS * STRIDE);
        float[] rowTile = context.allocateFloatLocalArray(TILE_COLUMNS * STRIDE);
        int format = ProductForm.format(form);
        int gated = ProductForm.epilogue(form) == ProductForm.GATED ? 1 : 0;
        int valueInts = PackedLayout.valueInts(format, columns);
        int rowInts = PackedLayout.rowInts(format, columns);
        int values = TornadoMath.min(4, 1 << format);
        int rows = PackedProducts.rows(step, form);
        int layer = PackedProducts.layer(step, form) * layerRows;
        int lane = context.localIdx;
        int group = context.groupIdx;
        int tileOutputs = gated == 1 ? TILE_OUTPUTS / 2 : TILE_OUTPUTS;
        int tiles = (outputs + tileOutputs - 1) / tileOutputs;
        int output = group % tiles * tileOutputs;
        int row = group / tiles * TILE_ROWS;
        int unitLane = lane & (PackedLayout.UNIT_INTS - 1);
        int unitRow = lane >>> 3;
        int outputLane = lane & (OUTPUT_LANES - 1);
        int rowLane = lane >>> 4;
        if (row < rows) {
            float a00 = 0f;
            float a01 = 0f;
            float a02 = 0f;
            float a03 = 0f;
            float a10 = 0f;
            float a11 = 0f;
            float a12 = 0f;
            float a13 = 0f;
            float a20 = 0f;
            float a21 = 0f;
            float a22 = 0f;
            float a23 = 0f;
            float a30 = 0f;
            float a31 = 0f;
            float a32 = 0f;
            float a33 = 0f;
            float a40 = 0f;
            float a41 = 0f;
            float a42 = 0f;
            float a43 = 0f;
            float a50 = 0f;
            float a51 = 0f;
            float a52 = 0f;
            float a53 = 0f;
            float a60 = 0f;
            float a61 = 0f;
            float a62 = 0f;
            float a63 = 0f;
            float a70 = 0f;
            float a71 = 0f;
            float a72 = 0f;
            float a73 = 0f;
            for (int from = 0; from < columns; from += TILE_COLUMNS) {
                for (int part = 0; part < TILE_OUTPUTS; part += LANES / PackedLayout.UNIT_INTS) {
                    int weightRow = PackedProducts.tileRow(output, part + unitRow, outputs, tileOutputs, gated);
                    int at = first + (layer + weightRow) * rowInts;
                    for (int load = 0; load < 4; load += values) {
                        int index = TornadoMath.min(index(from, load, unitLane, format), valueInts - 1);
                        int packed = PackedProducts.packed(ints, at + index, form);
                        float number = PackedProducts.number(floats, at + index, form);
                        int scale = PackedProducts.scale(ints, at + valueInts, from >>> 5, form);
                        float factor = PackedProducts.factor(scale, form);
                        float minimum = PackedProducts.minimum(scale, form);
                        for (int k = 0; k < values; k++) {
                            int column = (load + k) * PackedLayout.UNIT_INTS + unitLane;
                            int which = format == PackedLayout.Q4 ? ((from >>> 3) & 4) + k : k;
                            weightTile[column * STRIDE + part + unitRow] =
                                    PackedProducts.value(number, packed, factor, minimum, which, form);
                        }
                    }
                    int xAt = xFirst + TornadoMath.min(row + part + unitRow, rows - 1) * columns;
                    for (int k = 0; k < 4; k++) {
                        int column = k * PackedLayout.UNIT_INTS + unitLane;
                        rowTile[column * STRIDE + part + unitRow] =
                                x.get(xAt + TornadoMath.min(from + column, columns - 1));
                    }
                }
                context.localBarrier();
                // The bound is no constant, so that the loop stays one.
                int used = TornadoMath.min(TILE_COLUMNS, columns - from);
                for (int column = 0; column < used; column++) {
                    int w = column * STRIDE + outputLane;
                    float w0 = weightTile[w];
                    float w1 = weightTile[w + OUTPUT_LANES];
                    float w2 = weightTile[w + 2 * OUTPUT_LANES];
                    float w3 = weightTile[w + 3 * OUTPUT_LANES];
                    int v = column * STRIDE + rowLane;
                    float v0 = rowTile[v];
                    a00 += w0 * v0;
                    a01 += w1 * v0;
                    a02 += w2 * v0;
                    a03 += w3 * v0;
                    float v1 = rowTile[v + ROW_LANES];
                    a10 += w0 * v1;
                    a11 += w1 * v1;
                    a12 += w2 * v1;
                    a13 += w3 * v1;
                    float v2 = rowTile[v + 2 * ROW_LANES];
                    a20 += w0 * v2;
                    a21 += w1 * v2;
                    a22 += w2 * v2;
                    a23 += w3 * v2;
                    float v3 = rowTile[v + 3 * ROW_LANES];
                    a30 += w0 * v3;
                    a31 += w1 * v3;
                    a32 += w2 * v3;
                    a33 += w3 * v3;
                    float v4 = rowTile[v + 4 * ROW_LANES];
                    a40 += w0 * v4;
                    a41 += w1 * v4;
                    a42 += w2 * v4;
                    a43 += w3 * v4;
                    float v5 = rowTile[v + 5 * ROW_LANES];
                    a50 += w0 * v5;
                    a51 += w1 * v5;
                    a52 += w2 * v5;
                    a53 += w3 * v5;
                    float v6 = rowTile[v + 6 * ROW_LANES];
                    a60 += w0 * v6;
                    a61 += w1 * v6;
                    a62 += w2 * v6;
                    a63 += w3 * v6;
                    float v7 = rowTile[v + 7 * ROW_LANES];
                    a70 += w0 * v7;
                    a71 += w1 * v7;
                    a72 += w2 * v7;
                    a73 += w3 * v7;
                }
                context.localBarrier();
            }
            int r = row + rowLane;
            int o = output + outputLane;
            store(y, bias, layer, r, o, rows, outputs, a00, a01, a02, a03, first, form);
            store(y, bias, layer, r + ROW_LANES, o, rows, outputs, a10, a11, a12, a13, first, form);
            store(y, bias, layer, r + 2 * ROW_LANES, o, rows, outputs, a20, a21, a22, a23, first, form);
            store(y, bias, layer, r + 3 * ROW_LANES, o, rows, outputs, a30, a31, a32, a33, first, form);
            store(y, bias, layer, r + 4 * ROW_LANES, o, rows, outputs, a40, a41, a42, a43, first, form);
            store(y, bias, layer, r + 5 * ROW_LANES, o, rows, outputs, a50, a51, a52, a53, first, form);
            store(y, bias, layer, r + 6 * ROW_LANES, o, rows, outputs, a60, a61, a62, a63, first, form);
            store(y, bias, layer, r + 7 * ROW_LANES, o, rows, outputs, a70, a71, a72, a73, first, form);
        }
    }

    /** Stores an item's sums of a row, of a gated product two gates and two others. */
    private static void store(
            FloatArray y,
            FloatArray bias,
            int layer,
            int row,
            int output,
            int rows,
            int outputs,
            float a0,
            float a1,
            float a2,
            float a3,
            int first,
            int form) {
        if (row < rows) {
            int at = first + row * outputs;
            if (ProductForm.epilogue(form) == ProductForm.GATED) {
                store(y, bias, layer, output, outputs, a0, a2, at, form);
                store(y, bias, layer, output + OUTPUT_LANES, outputs, a1, a3, at, form);
            } else {
                store(y, bias, layer, output, outputs, a0, 0f, at, form);
                store(y, bias, layer, output + OUTPUT_LANES, outputs, a1, 0f, at, form);
                store(y, bias, layer, output + 2 * OUTPUT_LANES, outputs, a2, 0f, at, form);
                store(y, bias, layer, output + 3 * OUTPUT_LANES, outputs, a3, 0f, at, form);
            }
        }
    }

    private static void store(
            FloatArray y,
            FloatArray bias,
            int layer,
            int output,
            int outputs,
            float sum,
            float other,
            int at,
            int form) {
        if (output < outputs) {
            y.set(at + output, PackedProducts.end(sum, other, bias, layer + output, y, at + output, form));
        }
    }

    /** The int of a row that holds an item's values from column {@code from + 8 load + unitLane}. */
    private static int index(int from, int load, int unitLane, int format) {
        return ((from + load * PackedLayout.UNIT_INTS) >>> (3 + format)) * PackedLayout.UNIT_INTS + unitLane;
    }
}
