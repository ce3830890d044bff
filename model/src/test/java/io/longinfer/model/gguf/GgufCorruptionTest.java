package io.longinfer.model.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.longinfer.kernels.quantization.TensorType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** Damaged files give a typed error or a well-formed file; never another exception, nor memory beyond their size. */
class GgufCorruptionTest {
    /** What opening any small file costs, however it is read. */
    private static final long OVERHEAD_BYTES = 1 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Every kind of value and several tensors. */
    private static byte[] sample() {
        return new GgufWriter()
                .alignment(32)
                .put("general.architecture", "llama")
                .put("u32", 7L)
                .put("f64", 1.25)
                .put("bool", true)
                .put("strings", new String[] {"a", "bc", "ßß"})
                .put("ints", new int[] {1, 2, 3})
                .put("nested", new Object[] {new int[] {1}, new String[] {"x"}})
                .tensor("a.weight", TensorType.Q8_0, new byte[68], 32, 2)
                .tensor("b.weight", TensorType.F16, new byte[6], 3)
                .tensor("c.weight", new float[] {1, 2}, 2)
                .toBytes();
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = sample();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            ModelFormatException error = assertThrows(
                    ModelFormatException.class, () -> GgufInMemory.open(cut).close(), "cut to " + length + " bytes");
            assertEquals(GgufInMemory.PATH, error.file());
            assertTrue(error.offset() >= 0 && error.offset() <= length, error.getMessage());
        }
        GgufInMemory.open(whole).close();
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
    void randomBytesBehindAGoodHeaderAreRefusedOrHarmless() throws IOException {
        long seed = System.nanoTime();
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        byte[] whole = sample();
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = whole.clone();
            int from = random.nextInt(8, bytes.length);
            int to = random.nextInt(from, Math.min(bytes.length, from + 40)) + 1;
            for (int i = from; i < to; i++) {
                bytes[i] = (byte) random.nextInt();
            }
            opens(bytes, "seed " + seed + ", round " + round);
        }
    }

    /** Whether a file opens; everything it then says can be read. */
    private static boolean opens(byte[] bytes, String what) throws IOException {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try (GgufFile file = GgufInMemory.open(bytes)) {
            for (String key : file.metadata().keys()) {
                file.metadata().value(key);
            }
            for (GgufTensor tensor : file.tensors().values()) {
                assertEquals(
                        tensor.type().sizeBytes(tensor.elements()),
                        tensor.data().byteSize(),
                        what);
                tensor.data().get(ValueLayout.JAVA_BYTE, tensor.data().byteSize() - 1);
            }
            return true;
        } catch (ModelFormatException refused) {
            assertEquals(GgufInMemory.PATH, refused.file(), what);
            return false;
        } catch (RuntimeException unexpected) {
            throw new AssertionError(what, unexpected);
        } finally {
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < OVERHEAD_BYTES, what + " made the reader allocate " + allocated + " bytes");
        }
    }
}
