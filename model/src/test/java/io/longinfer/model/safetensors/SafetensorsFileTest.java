package io.longinfer.model.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.model.gguf.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reading safetensors, whole, wrong, cut off and damaged. */
class SafetensorsFileTest {
    private static final Path PATH = Path.of("memory.safetensors");

    private static byte[] sample() throws IOException {
        return new SafetensorsWriter()
                .entry("__metadata__", Map.of("format", "pt"))
                .tensor("a.weight", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
                .tensor("b.weight", "F16", new byte[6], 3)
                .tensor("c.weight", "BF16", new byte[] {0, 0x40, (byte) 0x80, 0x3f}, 2, 1)
                .toBytes();
    }

    private static Map<String, SafetensorsTensor> parse(byte[] bytes) throws ModelFormatException {
        return new SafetensorsParser(PATH, MemorySegment.ofArray(bytes)).parse();
    }

    @Test
    void readsWhatWasWritten(@TempDir Path directory) throws IOException {
        Path path = Files.write(directory.resolve("model.safetensors"), sample());
        SafetensorsTensor tensor;
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertEquals(
                    List.of("a.weight", "b.weight", "c.weight"),
                    List.copyOf(file.tensors().keySet()));
            tensor = file.tensors().get("a.weight");
            assertEquals(TensorType.F32, tensor.type());
            assertArrayEquals(new long[] {2, 3}, tensor.shape());
            assertEquals(6f, tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 20));
            assertEquals(TensorType.BF16, file.tensors().get("c.weight").type());
        }
        assertThrows(IllegalStateException.class, () -> tensor.data().get(ValueLayout.JAVA_BYTE, 0));
        assertThrows(NoSuchFileException.class, () -> SafetensorsFile.open(directory.resolve("none")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"t\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}} | t.dtype",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}} | t.shape",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | t.shape",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,8]}} | t.shape",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} | t.data_offsets",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,0]}} | t.data_offsets",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}} | t.data_offsets",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,18446744073709551624]}} | t.data_offsets",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | data",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | t.data_offsets",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"u\":{\"dtype\":\"F32\",\"shape\":[1],"
                        + "\"data_offsets\":[4,8]}} | u.data_offsets",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"t\":{\"dtype\":\"F32\",\"shape\":[2],"
                        + "\"data_offsets\":[0,8]}} | the JSON",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"strides\":[1]}} | t.strides",
                "{\"t\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}} | t.shape",
                "{\"t\":{\"shape\":[2],\"data_offsets\":[0,8]}} | t.dtype",
                "{\"t\":[]} | t",
                "[] | the JSON",
                "{} x | the JSON",
            })
    void refusesByName(String header, String field) {
        ModelFormatException error =
                assertThrows(ModelFormatException.class, () -> parse(SafetensorsWriter.file(header, new byte[8])));
        assertEquals(field, error.field(), error.getMessage());
        assertEquals(PATH, error.file());
    }

    @Test
    void refusesHeadersLongerThanTheFile() {
        for (long length : new long[] {0, 1, 9, -1, Long.MIN_VALUE, 1L << 40}) {
            byte[] bytes = SafetensorsWriter.file("{}", new byte[6]);
            MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, length);
            ModelFormatException error = assertThrows(ModelFormatException.class, () -> parse(bytes));
            assertTrue(error.field().equals("header length") || error.field().equals("the JSON"), error.getMessage());
        }
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = sample();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThrows(ModelFormatException.class, () -> parse(cut), "cut to " + length + " bytes");
        }
        parse(whole);
    }

    @Test
    void everyFlippedBitIsRefusedOrHarmless() throws IOException {
        byte[] bytes = sample();
        int refused = 0;
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] ^= (byte) (1 << (bit % 8));
            refused += opens(bytes, "bit " + bit) ? 0 : 1;
            bytes[bit / 8] ^= (byte) (1 << (bit % 8));
        }
        assertTrue(refused > 500, "only " + refused + " flips were noticed");
    }

    @Test
    void randomHeadersAreRefusedOrHarmless() throws IOException {
        long seed = System.nanoTime();
        System.err.println("seed " + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        byte[] whole = sample();
        String pieces = "{}[]:,\"\\0123456789-eE.truefalsn F32shapedtype\u00ff\n";
        for (int round = 0; round < 5_000; round++) {
            byte[] bytes = whole.clone();
            int from = random.nextInt(8, bytes.length);
            int to = random.nextInt(from, Math.min(bytes.length, from + 30)) + 1;
            for (int i = from; i < to; i++) {
                bytes[i] = (byte) pieces.charAt(random.nextInt(pieces.length()));
            }
            opens(bytes, "seed " + seed + ", round " + round);
            StringBuilder header = new StringBuilder("{");
            for (int i = 0; i < 40; i++) {
                header.append(pieces.charAt(random.nextInt(pieces.length())));
            }
            opens(SafetensorsWriter.file(header.toString(), new byte[8]), "seed " + seed + ", round " + round);
        }
        byte[] deep = "{\"a\":".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        opens(SafetensorsWriter.file(new String(deep, StandardCharsets.UTF_8), new byte[0]), "deep");
    }

    private static boolean opens(byte[] bytes, String what) {
        try {
            for (SafetensorsTensor tensor : parse(bytes).values()) {
                long elements = Arrays.stream(tensor.shape()).reduce(1, Math::multiplyExact);
                assertEquals(tensor.type().sizeBytes(elements), tensor.data().byteSize(), what);
            }
            return true;
        } catch (ModelFormatException refused) {
            assertEquals(PATH, refused.file(), what);
            return false;
        } catch (RuntimeException | StackOverflowError unexpected) {
            throw new AssertionError(what, unexpected);
        }
    }
}
