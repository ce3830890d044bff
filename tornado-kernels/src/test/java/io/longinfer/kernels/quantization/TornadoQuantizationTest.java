package io.longinfer.kernels.quantization;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoQuantizationTest {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final int SLOTS = 5;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);
    private final KernelContext context = new KernelContext();
    private final ScalarQuantizationKernels reference = new ScalarQuantizationKernels();

    @ParameterizedTest
    @CsvSource({"8, 1, 1", "40, 0, 3", "64, 1, 3", "64, 0, 1", "128, 1, 2"})
    void likeTheScalarOne(int headDim, int refined, int count) {
        QuantizedChunkLayout layout = new QuantizedChunkLayout(new ChunkLayout(headDim));
        IntArray chunks = randomChunks(headDim);
        IntArray moves = moves(count);
        int slotInts =
                refined == 1 ? TornadoQuantization.refinedInts(headDim) : TornadoQuantization.prefixInts(headDim);
        assertEquals((refined == 1 ? layout.sizeBytes() : layout.prefixBytes()), slotInts * Integer.BYTES);
        IntArray quantized = new IntArray(Alignment.FIRST + SLOTS * slotInts);
        KernelRun.of()
                .in(moves, chunks)
                .task(
                        "quantize",
                        TornadoQuantization.grid(count + 1),
                        graph -> graph.task(
                                "quantize",
                                TornadoQuantization::quantizeChunks,
                                context,
                                moves,
                                chunks,
                                quantized,
                                headDim,
                                refined))
                .out(quantized)
                .run();
        IntArray back = new IntArray(Alignment.FIRST + SLOTS * TornadoQuantization.chunkInts(headDim));
        IntArray returns = returns(moves, count);
        KernelRun.of()
                .in(returns, quantized)
                .task(
                        "dequantize",
                        TornadoQuantization.grid(count),
                        graph -> graph.task(
                                "dequantize",
                                TornadoQuantization::dequantizeChunks,
                                context,
                                returns,
                                quantized,
                                back,
                                headDim,
                                refined))
                .out(back)
                .run();
        for (int move = 0; move < count; move++) {
            int from = moves.get(1 + 2 * move);
            int to = moves.get(2 + 2 * move);
            int[] ours = part(quantized, to * slotInts, slotInts);
            checkCodes(layout, part(chunks, from * 16 * headDim, 16 * headDim), ours, refined == 1);
            checkBack(layout, ours, part(back, from * 16 * headDim, 16 * headDim), refined == 1);
        }
    }

    /** A step may differ in its last place where division is less exact, and then all of its group's codes by a few. */
    private void checkCodes(QuantizedChunkLayout layout, int[] chunk, int[] ours, boolean refined) {
        int[] expected = new int[ours.length];
        reference.quantize(layout, MemorySegment.ofArray(chunk), 0, MemorySegment.ofArray(expected), 0, refined);
        int groups = layout.chunk().headDim() + 16;
        for (int group = 0; group < groups; group++) {
            assertEquals(expected[group] & 0xffff, ours[group] & 0xffff, "offset of group " + group + ", seed " + seed);
            int difference = (ours[group] >>> 16) - (expected[group] >>> 16);
            assertTrue(Math.abs(difference) <= 1, "step of group " + group + ", seed " + seed);
        }
        int different = 0;
        for (int i = groups; i < ours.length; i++) {
            different += ours[i] == expected[i] ? 0 : 1;
        }
        assertTrue(different <= ours.length / 50, different + " of " + ours.length + " ints of codes, seed " + seed);
    }

    private void checkBack(QuantizedChunkLayout layout, int[] quantized, int[] ours, boolean refined) {
        int[] expected = new int[ours.length];
        MemorySegment source = MemorySegment.ofArray(quantized);
        reference.dequantize(layout, source, 0, refined, MemorySegment.ofArray(expected), 0);
        for (int i = 0; i < 2 * ours.length; i++) {
            float want = half(expected, i);
            assertEquals(want, half(ours, i), 1e-7f + Math.abs(want) / 1000, "number " + i + ", seed " + seed);
        }
    }

    private static float half(int[] packed, int i) {
        return Float.float16ToFloat((short) (packed[i / 2] >>> (16 * (i % 2))));
    }

    private IntArray randomChunks(int headDim) {
        IntArray chunks = new IntArray(Alignment.FIRST + SLOTS * TornadoQuantization.chunkInts(headDim));
        for (int i = 0; i < chunks.getSize(); i++) {
            float scale = random.nextInt(50) == 0 ? 100 : 1;
            int low = Float.floatToFloat16((float) random.nextGaussian() * scale) & 0xffff;
            int high = i < 8 ? low : Float.floatToFloat16((float) random.nextGaussian()) & 0xffff;
            chunks.set(i, i / 8 % 7 == 3 ? 0x3c003c00 : low | (high << 16));
        }
        return chunks;
    }

    private IntArray moves(int count) {
        IntArray moves = new IntArray(1 + 2 * count);
        moves.set(0, count);
        for (int i = 0; i < count; i++) {
            moves.set(1 + 2 * i, i);
            moves.set(2 + 2 * i, SLOTS - 1 - i);
        }
        return moves;
    }

    private static IntArray returns(IntArray moves, int count) {
        IntArray returns = new IntArray(moves.getSize());
        returns.set(0, count);
        for (int i = 0; i < count; i++) {
            returns.set(1 + 2 * i, moves.get(2 + 2 * i));
            returns.set(2 + 2 * i, moves.get(1 + 2 * i));
        }
        return returns;
    }

    private static int[] part(IntArray array, int from, int length) {
        int[] part = new int[length];
        MemorySegment.copy(array.getSegment(), INT, (Alignment.FIRST + (long) from) * Integer.BYTES, part, 0, length);
        return part;
    }
}
