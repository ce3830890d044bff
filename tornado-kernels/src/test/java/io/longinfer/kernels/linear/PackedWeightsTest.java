package io.longinfer.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class PackedWeightsTest {
    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);

    @ParameterizedTest
    @CsvSource({
        "F32, 0, 52, 0",
        "BF16, 0, 40, 0",
        "F16, 1, 577, 0",
        "Q8_0, 2, 32, 0",
        "Q8_0, 2, 576, 0",
        "Q4_0, 3, 96, 0",
        "Q4_1, 3, 576, 0",
        "Q5_0, 1, 64, 5e-4",
        "Q4_K, 1, 256, 5e-4",
        "Q6_K, 1, 512, 5e-4"
    })
    void keepsValues(TensorType type, int format, int columns, float relativeError) {
        int outputs = 5;
        List<List<WeightMatrix>> layers = List.of(
                List.of(matrix(type, outputs, columns), matrix(type, 3, columns)),
                List.of(matrix(type, outputs, columns), matrix(type, 3, columns)));
        PackedWeights packed = PackedWeights.stacked(layers);
        assertEquals(format, packed.format());
        assertEquals(outputs + 3, packed.outputs());
        for (int layer = 0; layer < 2; layer++) {
            for (int o = 0; o < packed.outputs(); o++) {
                WeightMatrix matrix = layers.get(layer).get(o < outputs ? 0 : 1);
                check(matrix, o < outputs ? o : o - outputs, packed.row(layer, o), relativeError);
            }
        }
    }

    private void check(WeightMatrix matrix, int row, float[] actual, float relativeError) {
        float[] expected = new float[matrix.columns()];
        ScalarDequantizer.row(matrix.type(), matrix.data(), row * matrix.rowBytes(), expected, 0, expected.length);
        for (int c = 0; c < expected.length; c++) {
            // Of Q4_0, d * (q - 8) is d * q - 8 d but for the rounding of the first product.
            float rounding = matrix.type() == TensorType.Q4_0 ? 2e-6f : 0;
            float tolerance = relativeError * Math.abs(expected[c]) + rounding;
            assertEquals(expected[c], actual[c], tolerance, matrix.type() + " column " + c + ", seed " + seed);
        }
    }

    @Test
    void differentFormatsMeet() {
        WeightMatrix bytes = matrix(TensorType.Q8_0, 4, 64);
        assertEquals(
                PackedLayout.F16,
                PackedWeights.of(List.of(bytes, matrix(TensorType.Q4_0, 4, 64))).format());
        assertEquals(
                PackedLayout.F32,
                PackedWeights.of(List.of(bytes, matrix(TensorType.F32, 4, 64))).format());
    }

    @Test
    void differentShapesDoNot() {
        List<WeightMatrix> layers = List.of(matrix(TensorType.F16, 4, 64), matrix(TensorType.F16, 4, 32));
        assertThrows(IllegalArgumentException.class, () -> PackedWeights.of(layers));
    }

    @Test
    void rowsBeginWithSectors() {
        assertEquals(0, (TornadoNativeArray.ARRAY_HEADER + 4L * Alignment.FIRST) % Alignment.SECTOR_BYTES);
        for (int format = PackedLayout.F32; format <= PackedLayout.Q4; format++) {
            for (int columns : new int[] {1, 40, 52, 96, 576, 1021}) {
                assertEquals(0, PackedLayout.rowInts(format, columns) % Alignment.SECTOR_INTS);
            }
        }
    }

    private WeightMatrix matrix(TensorType type, int rows, int columns) {
        return RandomWeights.of(type, rows, columns, Arena.ofAuto(), random);
    }
}
