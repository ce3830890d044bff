package io.longinfer.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Random weights of a few layers and random activations, and what their product must be. */
final class ProductCase {
    static final int LAYERS = 2;

    final int columns;
    final int outputs;
    final int rows;
    final int layer;
    final PackedWeights weights;
    final IntArray step = new IntArray(StepLayout.FIRST_ROW);
    final FloatArray x;
    final FloatArray bias;
    final FloatArray y;

    /** What {@link #y} was before. */
    private final float[] before;

    /**
     * @param matrices in a layer, one below the other
     * @param roundedRows rows that {@code x} and {@code y} have room for
     */
    ProductCase(TensorType type, int outputs, int columns, int matrices, int rows, int roundedRows, Random random) {
        this.columns = columns;
        this.outputs = outputs;
        this.rows = rows;
        layer = random.nextInt(LAYERS);
        List<List<WeightMatrix>> layers = new ArrayList<>();
        for (int l = 0; l < LAYERS; l++) {
            List<WeightMatrix> stack = new ArrayList<>();
            for (int m = 0; m < matrices; m++) {
                stack.add(RandomWeights.of(type, outputs, columns, Arena.ofAuto(), random));
            }
            layers.add(stack);
        }
        weights = PackedWeights.stacked(layers);
        step.init(0);
        step.set(StepLayout.LAYER, layer);
        step.set(StepLayout.ROWS, rows);
        step.set(StepLayout.LOGITS_ROWS, rows);
        x = random(Alignment.activations(roundedRows, columns), random);
        y = random(Alignment.activations(roundedRows, outputs), random);
        bias = random(new FloatArray(LAYERS * matrices * outputs), random);
        before = y.toHeapArray();
    }

    private static FloatArray random(FloatArray array, Random random) {
        for (int i = 0; i < array.getSize(); i++) {
            array.set(i, (float) random.nextGaussian());
        }
        return array;
    }

    int layerRows() {
        return weights.outputs();
    }

    /** Checks {@link #y} against sums in double precision; {@code tolerance} is relative to the sum of magnitudes. */
    void check(ProductForm form, double tolerance, String message) {
        int used = form.logits() ? 0 : layer;
        for (int o = 0; o < outputs; o++) {
            float[] row = weights.row(used, o);
            float[] up = form.epilogue() == ProductForm.GATED ? weights.row(used, outputs + o) : row;
            for (int r = 0; r < rows; r++) {
                int at = Alignment.FIRST + r * outputs + o;
                double sum = dot(row, r);
                double size = 1e-3 + magnitude(row, r);
                if (form.epilogue() == ProductForm.GATED) {
                    double other = dot(up, r);
                    size = size * Math.abs(other) + magnitude(up, r) * Math.abs(sum);
                    sum = sum / (1 + Math.exp(-sum)) * other;
                }
                if (form.bias()) {
                    sum += bias.get(used * layerRows() + o);
                }
                if (form.epilogue() == ProductForm.ADD) {
                    sum += before[at];
                    size += Math.abs(before[at]);
                }
                if (form.epilogue() == ProductForm.RELU) {
                    sum = Math.max(0, sum);
                }
                assertEquals(sum, y.get(at), tolerance * size, message + ", row " + r + ", output " + o);
            }
        }
        for (int i = Alignment.FIRST + rows * outputs; i < y.getSize(); i++) {
            assertEquals(before[i], y.get(i), message + ": behind the rows");
        }
    }

    private double dot(float[] row, int r) {
        double sum = 0;
        for (int c = 0; c < columns; c++) {
            sum += (double) row[c] * x.get(Alignment.FIRST + r * columns + c);
        }
        return sum;
    }

    private double magnitude(float[] row, int r) {
        double sum = 0;
        for (int c = 0; c < columns; c++) {
            sum += Math.abs(row[c] * x.get(Alignment.FIRST + r * columns + c));
        }
        return sum;
    }
}
