package io.longinfer.model.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.quantization.TensorType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
    @TempDir
    Path folder;

    private GgufFile open(GgufWriter writer) throws IOException {
        return GgufFile.open(writer.write(folder.resolve("test.gguf")));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void readsEveryMetadataType(int version) throws IOException {
        GgufWriter writer = new GgufWriter()
                .version(version)
                .raw("u8", 0, new byte[] {(byte) 200})
                .put("i8", (byte) -3)
                .raw("u16", 2, new byte[] {(byte) 0xFF, (byte) 0xFF})
                .put("i16", (short) -300)
                .put("u32", 4_000_000_000L)
                .put("i32", -70_000)
                .put("f32", 1.5f)
                .put("bool", true)
                .put("string", "grüße \uFFFD 🦉")
                .raw("u64", 10, GgufWriter.u64(5_000_000_000L))
                .raw("u64 beyond a long", 10, GgufWriter.u64(-1))
                .raw("i64", 11, GgufWriter.u64(-5_000_000_000L))
                .put("f64", Math.PI);
        try (GgufFile file = open(writer)) {
            GgufMetadata metadata = file.metadata();
            assertEquals(version, file.version());
            assertEquals(13, metadata.keys().size());
            assertEquals(200, metadata.integer("u8"));
            assertEquals(-3, metadata.integer("i8"));
            assertEquals(65_535, metadata.integer("u16"));
            assertEquals(-300, metadata.integer("i16"));
            assertEquals(4_000_000_000L, metadata.integer("u32"));
            assertEquals(-70_000, metadata.integer("i32"));
            assertEquals(1.5, metadata.real("f32"));
            assertTrue(metadata.flag("bool", false));
            assertEquals("grüße \uFFFD 🦉", metadata.string("string"));
            assertEquals(5_000_000_000L, metadata.integer("u64"));
            assertEquals(BigInteger.TWO.pow(64).subtract(BigInteger.ONE), metadata.value("u64 beyond a long"));
            assertThrows(ModelFormatException.class, () -> metadata.integer("u64 beyond a long"));
            assertEquals(-5_000_000_000L, metadata.integer("i64"));
            assertEquals(Math.PI, metadata.real("f64"));
            assertEquals(-70_000.0, metadata.real("i32"));
        }
    }

    @Test
    void readsEveryArrayType() throws IOException {
        GgufWriter writer = new GgufWriter()
                .raw("u8", 9, GgufWriter.array(0, 2, new byte[] {1, (byte) 255}))
                .raw("i8", 9, GgufWriter.array(1, 2, new byte[] {1, (byte) 255}))
                .raw("u16", 9, GgufWriter.array(2, 1, new byte[] {(byte) 255, (byte) 255}))
                .raw("i16", 9, GgufWriter.array(3, 1, new byte[] {(byte) 255, (byte) 255}))
                .raw("u32", 9, GgufWriter.array(4, 2, GgufWriter.concat(GgufWriter.u32(7), GgufWriter.u32(-1))))
                .put("i32", new int[] {1, -2, 3})
                .put("f32", new float[] {0.5f, -1})
                .put("bool", new boolean[] {true, false})
                .put("string", new String[] {"a", "", "ß"})
                .put("nested", new Object[] {new int[] {1}, new String[] {"b"}, new Object[] {new float[0]}})
                .raw("u64", 9, GgufWriter.array(10, 1, GgufWriter.u64(9)))
                .raw("big u64", 9, GgufWriter.array(10, 1, GgufWriter.u64(-1)))
                .raw("i64", 9, GgufWriter.array(11, 1, GgufWriter.u64(-9)))
                .put("f64", new double[] {0.25})
                .put("empty", new String[0]);
        try (GgufFile file = open(writer)) {
            GgufMetadata metadata = file.metadata();
            assertArrayEquals(new int[] {1, 255}, metadata.ints("u8"));
            assertArrayEquals(new int[] {1, -1}, metadata.ints("i8"));
            assertArrayEquals(new int[] {65_535}, metadata.ints("u16"));
            assertArrayEquals(new int[] {-1}, metadata.ints("i16"));
            assertArrayEquals(new long[] {7, 0xFFFFFFFFL}, (long[]) metadata.value("u32"));
            assertArrayEquals(new int[] {1, -2, 3}, metadata.ints("i32"));
            assertArrayEquals(new float[] {0.5f, -1}, metadata.floats("f32"));
            assertArrayEquals(new boolean[] {true, false}, (boolean[]) metadata.value("bool"));
            assertArrayEquals(new String[] {"a", "", "ß"}, metadata.strings("string"));
            Object[] nested = {new int[] {1}, new String[] {"b"}, new Object[] {new float[0]}};
            assertArrayEquals(nested, (Object[]) metadata.value("nested"));
            assertArrayEquals(new int[] {9}, metadata.ints("u64"));
            assertEquals(new BigInteger("18446744073709551615"), ((BigInteger[]) metadata.value("big u64"))[0]);
            assertArrayEquals(new int[] {-9}, metadata.ints("i64"));
            assertArrayEquals(new float[] {0.25f}, metadata.floats("f64"));
            assertEquals(0, metadata.strings("empty").length);
            ModelFormatException error = assertThrows(ModelFormatException.class, () -> metadata.ints("u32"));
            assertTrue(error.getMessage().contains("u32[1]"), error.getMessage());
        }
    }

    @Test
    void absentAndMistypedKeysAreNamed() throws IOException {
        try (GgufFile file = open(new GgufWriter().put("llama.name", "x").put("n", 4))) {
            GgufMetadata metadata = file.metadata();
            assertEquals(Optional.empty(), metadata.stringIf("no"));
            assertEquals(OptionalLong.empty(), metadata.integerIf("no"));
            assertEquals(OptionalDouble.empty(), metadata.realIf("no"));
            assertTrue(metadata.flag("no", true));
            assertFalse(metadata.flag("no", false));
            ModelFormatException absent = assertThrows(ModelFormatException.class, () -> metadata.string("no"));
            assertEquals(
                    file.path() + ": no is absent, expected a value of that key in the metadata", absent.getMessage());
            ModelFormatException wrong = assertThrows(ModelFormatException.class, () -> metadata.integer("llama.name"));
            assertEquals(
                    file.path() + ": llama.name at byte 46 is the text 'x', expected an integer below 2^63",
                    wrong.getMessage());
            assertEquals(file.path(), wrong.file());
            assertEquals(46, wrong.offset());
            assertThrows(ModelFormatException.class, () -> metadata.strings("llama.name"));
            assertThrows(ModelFormatException.class, () -> metadata.ints("n"));
            assertThrows(ModelFormatException.class, () -> metadata.floats("n"));
            assertThrows(ModelFormatException.class, () -> metadata.flag("n", true));
        }
    }

    @Test
    void tensorsOfEveryTypeLieWhereTheTableSays() throws IOException {
        GgufWriter writer = new GgufWriter().alignment(64);
        for (TensorType type : TensorType.values()) {
            byte[] data = new byte[(int) type.sizeBytes(3L * type.blockElements())];
            java.util.Arrays.fill(data, (byte) (type.id() + 1));
            writer.tensor(type.name(), type, data, type.blockElements(), 3);
        }
        try (GgufFile file = open(writer)) {
            assertEquals(
                    List.of(TensorType.values()),
                    file.tensors().values().stream().map(GgufTensor::type).toList());
            for (TensorType type : TensorType.values()) {
                GgufTensor tensor = file.tensors().get(type.name());
                assertArrayEquals(new long[] {type.blockElements(), 3}, tensor.dimensions());
                assertEquals(3L * type.blockElements(), tensor.elements());
                assertEquals(type.sizeBytes(tensor.elements()), tensor.data().byteSize());
                assertEquals(0, tensor.data().address() % 64);
                for (byte value : tensor.data().toArray(ValueLayout.JAVA_BYTE)) {
                    assertEquals((byte) (type.id() + 1), value);
                }
            }
        }
    }

    @Test
    void aClosedFileRefusesItsData() throws IOException {
        GgufFile file = open(new GgufWriter().tensor("t", new float[] {1}, 1));
        file.close();
        file.close();
        GgufTensor tensor = file.tensors().get("t");
        assertThrows(IllegalStateException.class, () -> tensor.data().get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void whatIsNoFileIsSaidSo() {
        assertThrows(NoSuchFileException.class, () -> GgufFile.open(folder.resolve("none.gguf")));
        assertThrows(ModelFormatException.class, () -> GgufFile.open(folder));
    }
}
