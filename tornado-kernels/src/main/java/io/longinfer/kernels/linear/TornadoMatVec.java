package io.longinfer.kernels.linear;

import io.longinfer.kernels.elementwise.WorkGroup;
import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of packed weights with a few rows of activations, as decoding needs them. A work-group computes four outputs (two of
 * a gated product, each with its gate), its items taking turns over their columns: an item has an int of each of four rows of
 * weights under way at a time, and multiplies all of them by activations that it reads once. A row's results are the same to
 * the bit whatever other rows there are.
 */
public final class TornadoMatVec {
    /** Rows of weights that a work-group has under way. */
    private static final int STREAMS = 4;

    /** Of four rows of weights and four of activations. */
    private static final int MOST_SUMS = 16;

    private static final int PARTS = WorkGroup.PARTS;

    /** Signs and exponents that numbers of fp16 have. */
    private static final int HALF_EXPONENTS = 64;

    /** From one sum's summands to the next one's, so that the parts of four sums are in different banks of local memory. */
    private static final int STRIDE = ProductForm.MOST_LANES + PARTS;

    private TornadoMatVec() {}

    /**
     * The work-groups of {@link #product}.
     *
     * @param outputs of {@code y}
     */
    public static WorkerGrid1D grid(int outputs, ProductForm form) {
        int each = form.epilogue() == ProductForm.GATED ? STREAMS / 2 : STREAMS;
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(Math.ceilDiv(outputs, each), form.lanes()));
        grid.setLocalWork(form.lanes(), 1, 1);
        return grid;
    }

    /**
     * {@code y[row][o] = sum_c w[layer][o][c] * x[row][c]} for all rows of the step, with the end that the form says.
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
     * @param form bits of a {@link ProductForm}
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
        int format = ProductForm.format(form);
        int blocks = blocks(format, columns);
        float[] sums = context.allocateFloatLocalArray(MOST_SUMS * STRIDE);
        float[] factors = context.allocateFloatLocalArray(STREAMS * blocks);
        float[] minima = context.allocateFloatLocalArray(STREAMS * blocks);
        int lanes = ProductForm.lanes(form);
        int rowsAtOnce = ProductForm.rowsAtOnce(form);
        int valueInts = PackedLayout.valueInts(format, columns);
        int unitBlocks = format == PackedLayout.Q4 ? 2 : 1;
        int blockValues = (1 << format) / unitBlocks;
        int shuffles = ProductForm.shuffles(form);
        int parts = WorkGroup.parts(lanes, shuffles);
        int each = outputsEach(form);
        int rows = PackedProducts.rows(step, form);
        int biasAt = PackedProducts.layer(step, form) * layerRows;
        int lane = context.localIdx;
        int slot = WorkGroup.slot(lane, shuffles);
        int output = context.groupIdx * each;
        int w0 = weights(step, output, layerRows, columns, first, form);
        int w1 = weights(step, stream(output, 1, outputs, form), layerRows, columns, first, form);
        int w2 = weights(step, stream(output, 2, outputs, form), layerRows, columns, first, form);
        int w3 = weights(step, stream(output, 3, outputs, form), layerRows, columns, first, form);
        if (format == PackedLayout.F16) {
            // A number of fp16 is its fraction by a factor, and a minimum, which depend on its sign and exponent alone.
            for (int high = lane; high < HALF_EXPONENTS; high += lanes) {
                factors[high] = PackedHalves.number((high << 10) | 1) - PackedHalves.number(high << 10);
                minima[high] = PackedHalves.number(high << 10);
            }
            context.localBarrier();
        }
        if (format >= PackedLayout.Q8) {
            // What many items need is decoded once.
            for (int block = lane; block < blocks; block += lanes) {
                int s0 = PackedProducts.scale(ints, w0 + valueInts, block, form);
                int s1 = PackedProducts.scale(ints, w1 + valueInts, block, form);
                int s2 = PackedProducts.scale(ints, w2 + valueInts, block, form);
                int s3 = PackedProducts.scale(ints, w3 + valueInts, block, form);
                factors[block] = PackedHalves.low(s0);
                factors[blocks + block] = PackedHalves.low(s1);
                factors[2 * blocks + block] = PackedHalves.low(s2);
                factors[3 * blocks + block] = PackedHalves.low(s3);
                if (format == PackedLayout.Q4) {
                    minima[block] = PackedHalves.high(s0);
                    minima[blocks + block] = PackedHalves.high(s1);
                    minima[2 * blocks + block] = PackedHalves.high(s2);
                    minima[3 * blocks + block] = PackedHalves.high(s3);
                }
            }
            context.localBarrier();
        }
        for (int row = 0; row < rows; row += rowsAtOnce) {
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
            int x0 = xFirst + row * columns;
            int x1 = xFirst + (row + 1 < rows ? row + 1 : row) * columns;
            int x2 = xFirst + (row + 2 < rows ? row + 2 : row) * columns;
            int x3 = xFirst + (row + 3 < rows ? row + 3 : row) * columns;
            for (int i = lane; i < valueInts; i += lanes) {
                int p0 = PackedProducts.packed(ints, w0 + i, form);
                int p1 = PackedProducts.packed(ints, w1 + i, form);
                int p2 = PackedProducts.packed(ints, w2 + i, form);
                int p3 = PackedProducts.packed(ints, w3 + i, form);
                float n0 = PackedProducts.number(floats, w0 + i, form);
                float n1 = PackedProducts.number(floats, w1 + i, form);
                float n2 = PackedProducts.number(floats, w2 + i, form);
                float n3 = PackedProducts.number(floats, w3 + i, form);
                int column = PackedLayout.column(format, i);
                for (int block = 0; block < unitBlocks; block++) {
                    float f0 = 1f;
                    float f1 = 1f;
                    float f2 = 1f;
                    float f3 = 1f;
                    float m0 = 0f;
                    float m1 = 0f;
                    float m2 = 0f;
                    float m3 = 0f;
                    int at = (i >>> 3) * unitBlocks + block;
                    if (format >= PackedLayout.Q8) {
                        f0 = factors[at];
                        f1 = factors[blocks + at];
                        f2 = factors[2 * blocks + at];
                        f3 = factors[3 * blocks + at];
                    }
                    if (format == PackedLayout.Q4) {
                        m0 = minima[at];
                        m1 = minima[blocks + at];
                        m2 = minima[2 * blocks + at];
                        m3 = minima[3 * blocks + at];
                    }
                    for (int j = 0; j < blockValues; j++) {
                        int k = block * blockValues + j;
                        int c = PackedProducts.clamp(column + PackedLayout.UNIT_INTS * k, columns, form);
                        if (format == PackedLayout.F16) {
                            int e0 = PackedProducts.exponent(p0, k);
                            int e1 = PackedProducts.exponent(p1, k);
                            int e2 = PackedProducts.exponent(p2, k);
                            int e3 = PackedProducts.exponent(p3, k);
                            f0 = factors[e0];
                            f1 = factors[e1];
                            f2 = factors[e2];
                            f3 = factors[e3];
                            m0 = minima[e0];
                            m1 = minima[e1];
                            m2 = minima[e2];
                            m3 = minima[e3];
                        }
                        float v0 = PackedProducts.tabledValue(n0, p0, f0, m0, k, form);
                        float v1 = PackedProducts.tabledValue(n1, p1, f1, m1, k, form);
                        float v2 = PackedProducts.tabledValue(n2, p2, f2, m2, k, form);
                        float v3 = PackedProducts.tabledValue(n3, p3, f3, m3, k, form);
                        float b0 = x.get(x0 + c);
                        a00 += v0 * b0;
                        a01 += v1 * b0;
                        a02 += v2 * b0;
                        a03 += v3 * b0;
                        if (rowsAtOnce > 1) {
                            float b1 = x.get(x1 + c);
                            a10 += v0 * b1;
                            a11 += v1 * b1;
                            a12 += v2 * b1;
                            a13 += v3 * b1;
                            float b2 = x.get(x2 + c);
                            a20 += v0 * b2;
                            a21 += v1 * b2;
                            a22 += v2 * b2;
                            a23 += v3 * b2;
                            float b3 = x.get(x3 + c);
                            a30 += v0 * b3;
                            a31 += v1 * b3;
                            a32 += v2 * b3;
                            a33 += v3 * b3;
                        }
                    }
                }
            }
            a00 = WorkGroup.summand(context, a00, shuffles);
            a01 = WorkGroup.summand(context, a01, shuffles);
            a02 = WorkGroup.summand(context, a02, shuffles);
            a03 = WorkGroup.summand(context, a03, shuffles);
            if (rowsAtOnce > 1) {
                a10 = WorkGroup.summand(context, a10, shuffles);
                a11 = WorkGroup.summand(context, a11, shuffles);
                a12 = WorkGroup.summand(context, a12, shuffles);
                a13 = WorkGroup.summand(context, a13, shuffles);
                a20 = WorkGroup.summand(context, a20, shuffles);
                a21 = WorkGroup.summand(context, a21, shuffles);
                a22 = WorkGroup.summand(context, a22, shuffles);
                a23 = WorkGroup.summand(context, a23, shuffles);
                a30 = WorkGroup.summand(context, a30, shuffles);
                a31 = WorkGroup.summand(context, a31, shuffles);
                a32 = WorkGroup.summand(context, a32, shuffles);
                a33 = WorkGroup.summand(context, a33, shuffles);
            }
            if (WorkGroup.stores(lane, shuffles)) {
                sums[slot] = a00;
                sums[STRIDE + slot] = a01;
                sums[2 * STRIDE + slot] = a02;
                sums[3 * STRIDE + slot] = a03;
                if (rowsAtOnce > 1) {
                    sums[4 * STRIDE + slot] = a10;
                    sums[5 * STRIDE + slot] = a11;
                    sums[6 * STRIDE + slot] = a12;
                    sums[7 * STRIDE + slot] = a13;
                    sums[8 * STRIDE + slot] = a20;
                    sums[9 * STRIDE + slot] = a21;
                    sums[10 * STRIDE + slot] = a22;
                    sums[11 * STRIDE + slot] = a23;
                    sums[12 * STRIDE + slot] = a30;
                    sums[13 * STRIDE + slot] = a31;
                    sums[14 * STRIDE + slot] = a32;
                    sums[15 * STRIDE + slot] = a33;
                }
            }
            context.localBarrier();
            if (shuffles == 0) {
                // Each part is of summands 8 apart, and takes the place of its first, which no other part reads.
                for (int part = lane; part < STREAMS * rowsAtOnce * PARTS; part += lanes) {
                    int at = (part >>> 3) * STRIDE + (part & (PARTS - 1));
                    float sum = 0f;
                    for (int i = 0; i < lanes; i += PARTS) {
                        sum += sums[at + i];
                    }
                    sums[at] = sum;
                }
                context.localBarrier();
            }
            int o = lane & (each - 1);
            int r = lane / each;
            if (r < rowsAtOnce && row + r < rows && output + o < outputs) {
                int at = (r * STREAMS + o) * STRIDE;
                float sum = 0f;
                float other = 0f;
                for (int part = 0; part < parts; part++) {
                    sum += sums[at + part];
                    if (each < STREAMS) {
                        other += sums[at + each * STRIDE + part];
                    }
                }
                int to = first + (row + r) * outputs + output + o;
                y.set(to, PackedProducts.end(sum, other, bias, biasAt + output + o, y, to, form));
            }
            context.localBarrier();
        }
    }

    /** How many factors of a row of weights are in local memory: of its blocks, or of fp16's exponents for all rows. */
    private static int blocks(int format, int columns) {
        int units = PackedLayout.units(format, columns);
        int blocks = format == PackedLayout.Q4 ? 2 * units : units;
        return format == PackedLayout.F32 ? 1 : (format == PackedLayout.F16 ? HALF_EXPONENTS / STREAMS : blocks);
    }

    private static int outputsEach(int form) {
        return ProductForm.epilogue(form) == ProductForm.GATED ? STREAMS / 2 : STREAMS;
    }

    /**
     * The row of weights of a stream: of a gated product two gates, then their two others. The last work-group's outputs may
     * be fewer; it then computes its last one several times.
     */
    private static int stream(int output, int stream, int outputs, int form) {
        int row = TornadoMath.min(output + stream, outputs - 1);
        if (ProductForm.epilogue(form) == ProductForm.GATED) {
            row = TornadoMath.min(output + (stream & 1), outputs - 1) + (stream >>> 1) * outputs;
        }
        return row;
    }

    /** Where a row of weights begins. */
    private static int weights(IntArray step, int row, int layerRows, int columns, int first, int form) {
        int rowInts = PackedLayout.rowInts(ProductForm.format(form), columns);
        return first + (PackedProducts.layer(step, form) * layerRows + row) * rowInts;
    }
}
