package io.longinfer.model.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.quantization.TensorType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that the reader refuses, and how it says so. */
class GgufRejectionTest {
    private static final byte[] FOUR = new byte[4];

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("bad.gguf");
    }

    private void assertRefused(byte[] bytes, String message) throws IOException {
        Files.write(file, bytes);
        ModelFormatException error = assertThrows(
                ModelFormatException.class, () -> GgufFile.open(file).close());
        assertEquals(file + ": " + message, error.getMessage());
        assertEquals(file, error.file());
    }

    private void assertRefused(GgufWriter writer, String message) throws IOException {
        assertRefused(writer.toBytes(), message);
    }

    @Test
    void header() throws IOException {
        assertRefused(new byte[0], "magic at byte 0 is cut off, expected 4 more bytes, but the file ends after 0");
        assertRefused(
                "PK\3\4 a zip".getBytes(StandardCharsets.US_ASCII),
                "magic at byte 0 is 0x04034b50, expected 0x46554747, which spells GGUF");
        assertRefused(new GgufWriter().version(1), "version at byte 4 is 1, expected 2 or 3");
        assertRefused(new GgufWriter().version(4), "version at byte 4 is 4, expected 2 or 3");
        assertRefused(
                new GgufWriter().version(3 << 24),
                "version at byte 4 is 3 in big-endian order, expected a little-endian file (big-endian ones are not"
                        + " supported)");
    }

    @Test
    void counts() throws IOException {
        byte[] bytes = new GgufWriter().toBytes();
        System.arraycopy(GgufWriter.u64(1L << 60), 0, bytes, 8, 8);
        assertRefused(
                bytes,
                "number of tensors at byte 8 is 1152921504606846976, expected at most 0, for which the remaining 8 bytes"
                        + " would suffice");
        bytes = new GgufWriter().toBytes();
        System.arraycopy(GgufWriter.u64(-1), 0, bytes, 16, 8);
        assertRefused(
                bytes,
                "number of metadata entries at byte 16 is 18446744073709551615, expected at most 0, for which the"
                        + " remaining 0 bytes would suffice");
    }

    @Test
    void metadata() throws IOException {
        assertRefused(
                new GgufWriter().put("k", 1).put("k", 2),
                "key of metadata entry 1 at byte 41 is 'k' again, expected each key once");
        assertRefused(new GgufWriter().put("", 1), "key of metadata entry 0 at byte 24 is empty, expected a name");
        assertRefused(
                new GgufWriter().put("k".repeat(65_536), 1),
                "key of metadata entry 0 at byte 24 is a text of 65536 bytes, expected at most 65535 bytes");
        assertRefused(
                new GgufWriter().raw("k", 13, FOUR), "k (type) at byte 33 is 13, expected a value type from 0 to 12");
        assertRefused(
                new GgufWriter().raw("k", -1, FOUR),
                "k (type) at byte 33 is 4294967295, expected a value type from 0 to 12");
        assertRefused(new GgufWriter().raw("k", 7, new byte[] {2}), "k at byte 37 is 2, expected 0 or 1 for a boolean");
        assertRefused(
                new GgufWriter().raw("k", 8, GgufWriter.concat(GgufWriter.u64(1), new byte[] {(byte) 0xFF})),
                "k at byte 45 is '\uFFFD', expected UTF-8");
        assertRefused(
                new GgufWriter().raw("k", 8, GgufWriter.concat(GgufWriter.u64(1L << 40), new byte[] {65})),
                "k at byte 37 is 1099511627776, expected at most 1, for which the remaining 1 bytes would suffice");
    }

    @Test
    void arrays() throws IOException {
        for (int type = 0; type <= 12; type++) {
            Files.write(
                    file,
                    new GgufWriter()
                            .raw("k", 9, GgufWriter.array(type, 1L << 60, new byte[64]))
                            .toBytes());
            ModelFormatException error = assertThrows(
                    ModelFormatException.class, () -> GgufFile.open(file).close());
            assertEquals(41, error.offset());
            assertEquals("k (array length)", error.field());
            assertEquals("1152921504606846976", error.value());
        }
        assertRefused(
                new GgufWriter().raw("k", 9, GgufWriter.array(99, 0, FOUR)),
                "k (element type) at byte 37 is 99, expected a value type from 0 to 12");
        byte[] nested = GgufWriter.array(5, 1, FOUR);
        for (int depth = 0; depth < 8; depth++) {
            nested = GgufWriter.array(9, 1, nested);
        }
        assertRefused(
                new GgufWriter().raw("k", 9, nested),
                "k at byte 133 is nested more deeply, expected arrays nested at most 8 deep");
    }

    @Test
    void alignment() throws IOException {
        for (int wrong : new int[] {0, 1, 4, 24, -32}) {
            assertRefused(
                    new GgufWriter().put("general.alignment", wrong),
                    "general.alignment at byte 53 is " + wrong + ", expected a power of two, at least 8");
        }
        assertRefused(
                new GgufWriter().put("general.alignment", "32"),
                "general.alignment at byte 53 is the text '32', expected an integer below 2^63");
    }

    @Test
    void tensorShapes() throws IOException {
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[0], 0, FOUR),
                "t (dimensions) at byte 33 is 0, expected 1 to 4 of them");
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {1, 1, 1, 1, 1}, 0, FOUR),
                "t (dimensions) at byte 33 is 5, expected 1 to 4 of them");
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {1, 0}, 0, FOUR),
                "t (dimensions) at byte 45 is 0, expected a positive number below 2^63");
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {-1}, 0, FOUR),
                "t (dimensions) at byte 37 is 18446744073709551615, expected a positive number below 2^63");
        String tooMuch = ", expected F32 values that fit into a file of ";
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {1L << 40, 1L << 40}, 0, FOUR),
                "t (dimensions) at byte 37 is [1099511627776, 1099511627776]" + tooMuch + "100 bytes");
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {1L << 62}, 0, FOUR),
                "t (dimensions) at byte 37 is [4611686018427387904]" + tooMuch + "68 bytes");
        assertRefused(
                new GgufWriter().rawTensor("t", 12, new long[] {128, 2}, 0, new byte[144]),
                "t (dimensions) at byte 37 is [128, 2], expected a first dimension that is a multiple of 256, the block"
                        + " of Q4_K");
    }

    @Test
    void tensorTypes() throws IOException {
        assertRefused(
                new GgufWriter().rawTensor("t", 16, new long[] {256}, 0, new byte[66]),
                "t (type) at byte 45 is 16, expected a supported tensor type: 0 F32, 1 F16, 2 Q4_0, 3 Q4_1, 6 Q5_0, 7"
                        + " Q5_1, 8 Q8_0, 12 Q4_K, 13 Q5_K, 14 Q6_K, 30 BF16");
    }

    @Test
    void tensorPlaces() throws IOException {
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {1}, 16, FOUR),
                "t (offset) at byte 49 is 16, expected a multiple of the alignment 32 within the file");
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {1}, -32, FOUR),
                "t (offset) at byte 49 is 18446744073709551584, expected a multiple of the alignment 32 within the"
                        + " file");
        assertRefused(
                new GgufWriter().tensor("a", TensorType.F32, FOUR, 1).rawTensor("b", 0, new long[] {8}, 0, FOUR),
                "b (offset) at byte 82 is 0, expected room for its 32 bytes in the 4 bytes of data; is the file complete?");
        assertRefused(
                new GgufWriter().rawTensor("t", 0, new long[] {2}, 0, FOUR),
                "t (offset) at byte 49 is 0, expected room for its 8 bytes in the 4 bytes of data; is the file complete?");
        byte[] beyond = new GgufWriter().tensor("t", TensorType.F32, FOUR, 1).toBytes();
        System.arraycopy(GgufWriter.u64(Long.MAX_VALUE - 31), 0, beyond, 49, 8);
        assertRefused(
                beyond,
                "t (offset) at byte 49 is 9223372036854775776, expected room for its 4 bytes in the 4 bytes of data; is"
                        + " the file complete?");
        assertRefused(
                new GgufWriter()
                        .tensor("b", TensorType.F32, new byte[40], 10)
                        .tensor("c", TensorType.F32, FOUR, 1)
                        .rawTensor("a", 0, new long[] {1}, 32, FOUR),
                "a (offset) at byte 115 is 32, expected at least 40, where b ends");
        assertRefused(
                new GgufWriter().tensor("t", TensorType.F32, FOUR, 1).tensor("t", TensorType.F32, FOUR, 1),
                "name of tensor 1 at byte 57 is 't' again, expected each name once");
    }

    @Test
    void messagesAreFitForATerminal() throws IOException {
        Files.write(
                file,
                new GgufWriter().raw("\033[31m" + "x".repeat(1000), 13, FOUR).toBytes());
        ModelFormatException error = assertThrows(
                ModelFormatException.class, () -> GgufFile.open(file).close());
        assertTrue(error.getMessage().chars().noneMatch(Character::isISOControl), error.getMessage());
        assertTrue(error.getMessage().length() < 500 + file.toString().length(), error.getMessage());
    }
}
