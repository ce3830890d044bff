package io.longinfer.kernels.linear;

import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of many rows by matrix instructions, which only TornadoVM's PTX backend has: activations and weights in fp16, sums in
 * single precision. {@link #roundRows} makes fp16 of the activations, {@link #expandWeights} of a layer's weights that are not
 * yet, {@link #multiplyTiles} multiplies. Rows of both are those of {@link PackedLayout#F16}: in tiles, an int's two values are
 * neighbouring columns, which is no matter as long as they are for both.
 */
public final class TornadoMatMulMma {
    private static final int FLAT_LANES = 64;

    /** Four warps, each with 32 rows of 32 outputs. */
    private static final int LANES = 128;

    private static final int TILE = 64;
    private static final int UNIT = PackedLayout.UNIT_INTS;

    /** Units of 16 columns, what an instruction takes, that are in local memory at a time. */
    private static final int UNITS = 2;

    /** Ints of a tile's rows in one unit. */
    private static final int UNIT_TILE = TILE * UNIT;

    /** Bytes of 16 rows in one unit, and of 8 outputs. */
    private static final int ROWS_BYTES = 16 * UNIT * Integer.BYTES;

    private static final int OUTPUTS_BYTES = ROWS_BYTES / 2;

    private TornadoMatMulMma() {}

    /** Ints from a row of {@link #roundRows} or {@link #expandWeights} to the next. */
    public static int rowInts(int columns) {
        return PackedLayout.rowInts(PackedLayout.F16, columns);
    }

    /** Floats that {@link #multiplyTiles} wants as its scratch for up to {@code rows} rows. */
    public static int scratchFloats(int outputs, int rows, ProductForm form) {
        return Math.multiplyExact(tiles(outputs, form) * TILE, Math.ceilDiv(rows, TILE) * TILE);
    }

    private static int tiles(int outputs, ProductForm form) {
        return Math.ceilDiv(form.epilogue() == ProductForm.GATED ? 2 * outputs : outputs, TILE);
    }

    /** The work-groups of {@link #roundRows}, for up to {@code rows} rows, and of {@link #expandWeights} for so many. */
    public static WorkerGrid1D flatGrid(int rows, int columns) {
        int items = Math.multiplyExact(rows, rowInts(columns));
        WorkerGrid1D grid = new WorkerGrid1D(Math.ceilDiv(items, FLAT_LANES) * FLAT_LANES);
        grid.setLocalWork(FLAT_LANES, 1, 1);
        return grid;
    }

    /** The work-groups of {@link #multiplyTiles}, for up to {@code rows} rows. */
    public static WorkerGrid1D grid(int outputs, int rows, ProductForm form) {
        int groups = Math.multiplyExact(tiles(outputs, form), Math.ceilDiv(rows, TILE));
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(groups, LANES));
        grid.setLocalWork(LANES, 1, 1);
        return grid;
    }

    /**
     * Rounds the activations of the step to fp16.
     *
     * @param x {@code [rows][columns]} from {@code xFirst}
     * @param rounded {@code [rows][rowInts]} from {@code first}
     */
    public static void roundRows(
            KernelContext context, IntArray step, FloatArray x, IntArray rounded, int columns, int xFirst, int first) {
        int index = context.globalIdx;
        int rowInts = PackedLayout.rowInts(PackedLayout.F16, columns);
        int row = index / rowInts;
        if (row < step.get(StepLayout.ROWS)) {
            int at = xFirst + row * columns;
            int column = PackedLayout.column(PackedLayout.F16, index - row * rowInts);
            int next = column + UNIT;
            float low = x.get(at + TornadoMath.min(column, columns - 1));
            float high = x.get(at + TornadoMath.min(next, columns - 1));
            rounded.set(first + index, PackedHalves.pack(column < columns ? low : 0f, next < columns ? high : 0f));
        }
    }

    /**
     * Makes fp16 of the weights of the step's layer.
     *
     * @param floats the weights {@code [layers][layerRows][rowInts of their format]} from {@code first} if they are F32
     * @param ints the weights if they are not
     * @param expanded {@code [layerRows][rowInts]} from {@code first}
     * @param form bits of the weights' {@link ProductForm}
     */
    public static void expandWeights(
            KernelContext context,
            IntArray step,
            FloatArray floats,
            IntArray ints,
            IntArray expanded,
            int columns,
            int layerRows,
            int first,
            int form) {
        int index = context.globalIdx;
        int rowInts = PackedLayout.rowInts(PackedLayout.F16, columns);
        int row = index / rowInts;
        if (row < layerRows) {
            int from = PackedLayout.rowInts(ProductForm.format(form), columns);
            int at = first + (PackedProducts.layer(step, form) * layerRows + row) * from;
            int column = PackedLayout.column(PackedLayout.F16, index - row * rowInts);
            float low = weight(floats, ints, at, column, columns, form);
            float high = weight(floats, ints, at, column + UNIT, columns, form);
            expanded.set(first + index, PackedHalves.pack(low, high));
        }
    }

    private static float weight(FloatArray floats, IntArray ints, int at, int column, int columns, int form) {
        int format = ProductForm.format(form);
        int used = TornadoMath.min(column, columns - 1);
        int index = (used >>> (3 + format)) * UNIT + (used & (UNIT - 1));
        int k = (used >>> 3) & ((1 << format) - 1);
        int scales = at + PackedLayout.valueInts(format, columns);
        int scale = PackedProducts.scale(ints, scales, used >>> 5, form);
        float factor = PackedProducts.factor(scale, form);
        float minimum = PackedProducts.minimum(scale, form);
        int packed = PackedProducts.packed(ints, at + index, form);
        float number = PackedProducts.number(floats, at + index, form);
        float value = PackedProducts.value(number, packed, factor, minimum, k, form);
        return column < columns ? value : 0f;
    }

    /**
     * {@code y[row][o] = sum_c w[layer][o][c] * x[row][c]} for all rows of the step, with the end that the form says.
     *
     * @param rounded activations {@code [rows][rowInts]} from {@code first}
     * @param weights fp16 {@code [layers][layerRows][rowInts]} from {@code first}, or without layers if {@code expanded} is 1
     * @param bias {@code [layers][layerRows]}; not read if there is none
     * @param scratch {@link #scratchFloats}
     * @param y {@code [rows][outputs]} from {@code first}
     * @param layerRows rows of weights of a layer, of which the first {@code outputs} are used; of a gated product {@code 2
     *     outputs}, gates first
     * @param form bits of a {@link ProductForm}, of which the end, the bias and logits count
     */
    public static void multiplyTiles(
            KernelContext context,
            IntArray step,
            IntArray rounded,
            IntArray weights,
            FloatArray bias,
            FloatArray scratch,
            FloatArray y,
            int columns,
            int outputs,
            int layerRows,
            int first,
            int expanded,
            int form) {
        int[] rowTile = context.allocateIntLocalArray(UNITS * UNIT_TILE);
        int[] outputTile = context.allocateIntLocalArray(UNITS * UNIT_TILE);
        int gated = ProductForm.epilogue(form) == ProductForm.GATED ? 1 : 0;
        int tileOutputs = gated == 1 ? TILE / 2 : TILE;
        int units = PackedLayout.units(PackedLayout.F16, columns);
        int rowInts = units * UNIT;
        int rows = PackedProducts.rows(step, form);
        int layer = PackedProducts.layer(step, form) * layerRows;
        int lane = context.localIdx;
        int group = context.groupIdx;
        int tiles = (outputs + tileOutputs - 1) / tileOutputs;
        int tile = group % tiles;
        int output = tile * tileOutputs;
        int row = group / tiles * TILE;
        int weightsAt = first + (expanded == 1 ? 0 : layer) * rowInts;
        // Where a warp's rows and outputs begin.
        int warpRow = (lane >>> 6) * 32;
        int warpOutput = ((lane >>> 5) & 1) * 32;
        int rowsAt = warpRow / 16 * ROWS_BYTES;
        int outputsAt = warpOutput / 8 * OUTPUTS_BYTES;
        if (row < rows) {
            float[] c00 = context.mmaFragment(0f);
            float[] c01 = context.mmaFragment(0f);
            float[] c02 = context.mmaFragment(0f);
            float[] c03 = context.mmaFragment(0f);
            float[] c10 = context.mmaFragment(0f);
            float[] c11 = context.mmaFragment(0f);
            float[] c12 = context.mmaFragment(0f);
            float[] c13 = context.mmaFragment(0f);
            for (int unit = 0; unit < units; unit += UNITS) {
                // Loops of constant length, which unroll, so that all loads are under way at once.
                for (int n = 0; n < UNITS * UNIT_TILE / LANES; n++) {
                    int i = n * LANES + lane;
                    int u = unit + (i >>> 9);
                    int r = TornadoMath.min(row + ((i >>> 3) & (TILE - 1)), rows - 1);
                    int value = rounded.get(first + r * rowInts + TornadoMath.min(u, units - 1) * UNIT + (i & 7));
                    rowTile[i] = u < units ? value : 0;
                }
                for (int n = 0; n < UNITS * UNIT_TILE / 2 / LANES; n++) {
                    int i = n * LANES + lane;
                    int u = unit + (i >>> 8);
                    int pair = (i >>> 3) & (TILE / 2 - 1);
                    int l = i & 7;
                    int at = weightsAt + TornadoMath.min(u, units - 1) * UNIT + l;
                    int even = weights.get(
                            at + PackedProducts.tileRow(output, 2 * pair, outputs, tileOutputs, gated) * rowInts);
                    int odd = weights.get(
                            at + PackedProducts.tileRow(output, 2 * pair + 1, outputs, tileOutputs, gated) * rowInts);
                    int to = (i >>> 8) * UNIT_TILE + (pair >>> 2) * UNIT_TILE / 8 + 8 * l + (pair & 3);
                    outputTile[to] = u < units ? (even & 0xffff) | (odd << 16) : 0;
                    outputTile[to + 4] = u < units ? ((even >> 16) & 0xffff) | (odd & 0xffff0000) : 0;
                }
                context.localBarrier();
                for (int u = 0; u < UNITS; u++) {
                    int a = u * UNIT_TILE * Integer.BYTES + rowsAt;
                    int b = u * UNIT_TILE * Integer.BYTES + outputsAt;
                    HalfFloat[] a0 = context.mmaLoadA(rowTile, 16, a);
                    HalfFloat[] a1 = context.mmaLoadA(rowTile, 16, a + ROWS_BYTES);
                    HalfFloat[] b0 = context.mmaLoadB(outputTile, 16, b);
                    HalfFloat[] b1 = context.mmaLoadB(outputTile, 16, b + OUTPUTS_BYTES);
                    HalfFloat[] b2 = context.mmaLoadB(outputTile, 16, b + 2 * OUTPUTS_BYTES);
                    HalfFloat[] b3 = context.mmaLoadB(outputTile, 16, b + 3 * OUTPUTS_BYTES);
                    c00 = context.mma(a0, b0, c00, MMAShape.M16N8K16);
                    c01 = context.mma(a0, b1, c01, MMAShape.M16N8K16);
                    c02 = context.mma(a0, b2, c02, MMAShape.M16N8K16);
                    c03 = context.mma(a0, b3, c03, MMAShape.M16N8K16);
                    c10 = context.mma(a1, b0, c10, MMAShape.M16N8K16);
                    c11 = context.mma(a1, b1, c11, MMAShape.M16N8K16);
                    c12 = context.mma(a1, b2, c12, MMAShape.M16N8K16);
                    c13 = context.mma(a1, b3, c13, MMAShape.M16N8K16);
                }
                context.localBarrier();
            }
            int width = tiles * TILE;
            int column = tile * TILE + warpOutput;
            context.mmaStore(c00, scratch, row + warpRow, column, width);
            context.mmaStore(c01, scratch, row + warpRow, column + 8, width);
            context.mmaStore(c02, scratch, row + warpRow, column + 16, width);
            context.mmaStore(c03, scratch, row + warpRow, column + 24, width);
            context.mmaStore(c10, scratch, row + warpRow + 16, column, width);
            context.mmaStore(c11, scratch, row + warpRow + 16, column + 8, width);
            context.mmaStore(c12, scratch, row + warpRow + 16, column + 16, width);
            context.mmaStore(c13, scratch, row + warpRow + 16, column + 24, width);
            context.globalBarrier();
            for (int i = lane; i < TILE * tileOutputs; i += LANES) {
                int r = row + i / tileOutputs;
                int index = i & (tileOutputs - 1);
                if (r < rows && output + index < outputs) {
                    int from = r * width + tile * TILE + index;
                    int at = first + r * outputs + output + index;
                    float other = gated == 1 ? scratch.get(from + tileOutputs) : 0f;
                    y.set(at, PackedProducts.end(scratch.get(from), other, bias, layer + output + index, y, at, form));
                }
            }
        }
    }
}
