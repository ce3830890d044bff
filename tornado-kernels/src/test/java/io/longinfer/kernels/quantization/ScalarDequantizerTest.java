package io.longinfer.kernels.quantization;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ScalarDequantizerTest {
    /** Golden values of one type, as the resource's head describes. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Golden(TensorType type, byte[] blocks, float[] values) {}

    @TestFactory
    List<DynamicTest> agreesWithAnIndependentReading() throws IOException {
        List<Golden> goldens = goldens();
        Set<TensorType> covered = EnumSet.noneOf(TensorType.class);
        goldens.forEach(golden -> covered.add(golden.type));
        assertEquals(EnumSet.allOf(TensorType.class), covered);
        return goldens.stream()
                .map(golden -> DynamicTest.dynamicTest(golden.type.name(), () -> check(golden)))
                .toList();
    }

    private static void check(Golden golden) {
        int count = golden.values.length;
        byte[] shifted = new byte[golden.blocks.length + 3];
        System.arraycopy(golden.blocks, 0, shifted, 3, golden.blocks.length);
        float[] actual = new float[count + 5];
        Arrays.fill(actual, Float.NaN);
        ScalarDequantizer.row(golden.type, MemorySegment.ofArray(shifted), 3, actual, 2, count);
        assertArrayEquals(golden.values, Arrays.copyOfRange(actual, 2, 2 + count));
        for (int outside : new int[] {0, 1, count + 2, count + 3, count + 4}) {
            assertEquals(Float.NaN, actual[outside], "index " + outside + " is not the row's to write");
        }
    }

    private static List<Golden> goldens() throws IOException {
        List<String> lines;
        try (InputStream in = ScalarDequantizerTest.class.getResourceAsStream("golden-blocks.txt");
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            lines = reader.lines().filter(line -> !line.startsWith("#")).toList();
        }
        List<Golden> goldens = new ArrayList<>();
        for (int i = 0; i < lines.size(); i += 2) {
            List<String> head = List.of(lines.get(i).split(" "));
            List<String> numbers = List.of(lines.get(i + 1).split(" "));
            float[] values = new float[numbers.size()];
            for (int j = 0; j < values.length; j++) {
                values[j] = Float.parseFloat(numbers.get(j));
            }
            goldens.add(new Golden(
                    TensorType.valueOf(head.getFirst()), HexFormat.of().parseHex(head.getLast()), values));
        }
        return goldens;
    }

    @Test
    void halfPrecisionExtremes() {
        short[] bits = {0, (short) 0x8000, 0x0001, 0x3C00, 0x7BFF, 0x7C00, (short) 0xFC00, 0x7E00};
        float[] values = new float[8];
        ScalarDequantizer.row(TensorType.F16, MemorySegment.ofArray(bits), 0, values, 0, 8);
        assertArrayEquals(
                new float[] {0, -0f, 0x1p-24f, 1, 65_504, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN},
                values);
    }

    @Test
    void refusesPartsOfBlocksAndWhatDoesNotFit() {
        MemorySegment data = MemorySegment.ofArray(new byte[68]);
        float[] out = new float[64];
        assertThrows(IllegalArgumentException.class, () -> ScalarDequantizer.row(TensorType.Q8_0, data, 0, out, 0, 33));
        assertThrows(
                IndexOutOfBoundsException.class, () -> ScalarDequantizer.row(TensorType.Q8_0, data, 1, out, 0, 64));
        assertThrows(
                IndexOutOfBoundsException.class, () -> ScalarDequantizer.row(TensorType.Q8_0, data, 0, out, 1, 64));
    }
}
