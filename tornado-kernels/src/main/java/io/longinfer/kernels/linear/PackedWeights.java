package io.longinfer.kernels.linear;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.quantization.PackedHalves;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The same matrix of all layers in one device array, as {@link PackedLayout} says: {@code [layers][outputs][rowInts]} from
 * element {@link Alignment#FIRST}. One task graph so serves all layers. Several matrices over the same columns may stand below
 * one another in a layer. Immutable; the arrays belong to whoever transfers them.
 *
 * <p>F32 and BF16 become F32; F16, Q8_0, Q4_0 and Q4_1 keep their values exactly; all else becomes F16, and so do matrices
 * of different formats, or F32 if one is.
 */
public final class PackedWeights {
    private final int format;
    private final int layers;
    private final int outputs;
    private final int columns;
    private final IntArray ints;
    private final FloatArray floats;

    private PackedWeights(int format, int layers, int outputs, int columns) {
        this.format = format;
        this.layers = layers;
        this.outputs = outputs;
        this.columns = columns;
        long elements = Alignment.FIRST + (long) layers * outputs * PackedLayout.rowInts(format, columns);
        if (elements > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(layers + " layers of " + outputs + " x " + columns + " weights take "
                    + elements + " elements of a device array, which holds " + Integer.MAX_VALUE + " at most");
        }
        floats = new FloatArray(format == PackedLayout.F32 ? (int) elements : 1);
        ints = new IntArray(format == PackedLayout.F32 ? 1 : (int) elements);
    }

    /** Packs one matrix a layer. */
    public static PackedWeights of(List<WeightMatrix> layers) {
        return stacked(layers.stream().map(List::of).toList());
    }

    /**
     * Packs several matrices a layer, the first above the others.
     *
     * @param layers all of the same shapes
     * @throws IllegalArgumentException if shapes differ, or there are too many weights for one array
     */
    public static PackedWeights stacked(List<List<WeightMatrix>> layers) {
        List<WeightMatrix> first = layers.getFirst();
        int columns = first.getFirst().columns();
        List<WeightMatrix> all = new ArrayList<>();
        for (List<WeightMatrix> layer : layers) {
            for (int m = 0; m < first.size(); m++) {
                check(layer.get(m), first.get(m).rows(), columns);
                all.add(layer.get(m));
            }
        }
        int outputs = first.stream().mapToInt(WeightMatrix::rows).sum();
        PackedWeights packed = new PackedWeights(format(all), layers.size(), outputs, columns);
        int row = 0;
        for (WeightMatrix matrix : all) {
            packed.pack(matrix, row);
            row += matrix.rows();
        }
        return packed;
    }

    private static void check(WeightMatrix matrix, int rows, int columns) {
        if (matrix.rows() != rows || matrix.columns() != columns) {
            throw new IllegalArgumentException(matrix.name() + " is " + matrix.rows() + " x " + matrix.columns()
                    + ", but is packed with others of " + rows + " x " + columns);
        }
    }

    private static int format(List<WeightMatrix> matrices) {
        int format = format(matrices.getFirst().type());
        for (WeightMatrix matrix : matrices) {
            int other = format(matrix.type());
            if (other != format) {
                format = other == PackedLayout.F32 || format == PackedLayout.F32 ? PackedLayout.F32 : PackedLayout.F16;
            }
        }
        return format;
    }

    private static int format(TensorType type) {
        return switch (type) {
            case F32, BF16 -> PackedLayout.F32;
            case Q8_0 -> PackedLayout.Q8;
            case Q4_0, Q4_1 -> PackedLayout.Q4;
            case F16, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> PackedLayout.F16;
        };
    }

    private void pack(WeightMatrix matrix, int firstRow) {
        RowPacker packer = new RowPacker(matrix, format);
        int rowInts = PackedLayout.rowInts(format, columns);
        IntStream.range(0, matrix.rows()).parallel().forEach(row -> {
            int at = Alignment.FIRST + (firstRow + row) * rowInts;
            if (format == PackedLayout.F32) {
                packer.pack(row, floats, at);
            } else {
                packer.pack(row, ints, at);
            }
        });
    }

    /** A constant of {@link PackedLayout}. */
    public int format() {
        return format;
    }

    public int layers() {
        return layers;
    }

    /** Rows of a layer, those of all its matrices together. */
    public int outputs() {
        return outputs;
    }

    public int columns() {
        return columns;
    }

    /** The weights, or one int that is never read if they are floats. */
    public IntArray ints() {
        return ints;
    }

    /** The weights, or one float that is never read if they are not floats. */
    public FloatArray floats() {
        return floats;
    }

    /** A row as numbers, for tests. */
    public float[] row(int layer, int output) {
        int rowInts = PackedLayout.rowInts(format, columns);
        int at = Alignment.FIRST + (layer * outputs + output) * rowInts;
        int scales = at + PackedLayout.valueInts(format, columns);
        float[] row = new float[columns];
        for (int column = 0; column < columns; column++) {
            int unit = column >>> (3 + format);
            int lane = column & (PackedLayout.UNIT_INTS - 1);
            int k = (column >>> 3) & ((1 << format) - 1);
            row[column] = value(at + unit * PackedLayout.UNIT_INTS + lane, k, scales, unit);
        }
        return row;
    }

    private float value(int at, int k, int scales, int unit) {
        return switch (format) {
            case PackedLayout.F32 -> floats.get(at);
            case PackedLayout.F16 -> half(ints.get(at), k);
            case PackedLayout.Q8 -> half(ints.get(scales + unit / 2), unit % 2) * (byte) (ints.get(at) >>> (8 * k));
            default -> {
                int parameters = ints.get(scales + 2 * unit + k / 4);
                int code = (ints.get(at) >>> (4 * k)) & 15;
                yield half(parameters, 0) * code + half(parameters, 1);
            }
        };
    }

    private static float half(int packed, int which) {
        return PackedHalves.number((packed >> (16 * which)) & 0xffff);
    }
}
