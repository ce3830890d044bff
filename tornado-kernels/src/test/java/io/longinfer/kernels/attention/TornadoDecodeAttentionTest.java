package io.longinfer.kernels.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.QuantizedChunkLayout;
import io.longinfer.kernels.quantization.ScalarQuantizationKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoDecodeAttentionTest {
    private static final int ALL = Integer.MAX_VALUE;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);

    @ParameterizedTest
    @CsvSource({
        "8, 1, 1, 3, 0",
        "16, 2, 2, 1, 20",
        "24, 1, 5, 4, 0",
        "40, 1, 8, 2, 33",
        "64, 3, 3, 3, 0",
        "64, 1, 6, 5, 16",
        "64, 1, 16, 2, 0",
        "80, 1, 4, 3, 7",
        "128, 1, 7, 4, 0",
        "256, 1, 2, 2, 100"
    })
    void attendsAndRecordsAsTheFormulaSays(int headDim, int kvHeads, int group, int splits, int window) {
        PagedAttentionFixture fixture = fixture(headDim, kvHeads, group, window == 0 ? ALL : window);
        for (int shuffles = 0; shuffles <= (KernelRun.shuffles() ? 1 : 0); shuffles++) {
            PagedAttentionRun run = new PagedAttentionRun(fixture, splits);
            run.decode(fixture.table, true, shuffles);
            String what = "seed " + seed + ", shuffles " + shuffles;
            run.check(what);
            run.checkRecord(what);
        }
    }

    private PagedAttentionFixture fixture(int headDim, int kvHeads, int group, int window) {
        // A long list, one that ends within a chunk, one token that sees itself alone.
        int[] context = {16 * 21 + random.nextInt(32), 13, 0};
        return new PagedAttentionFixture(random, headDim, kvHeads, group, new int[] {1, 1, 1}, context, window);
    }

    @ParameterizedTest
    @CsvSource({"64, 2, 3, 3", "24, 1, 5, 2", "128, 1, 4, 4"})
    void seesOnlyWhatMasksLeave(int headDim, int kvHeads, int group, int splits) {
        PagedAttentionFixture fixture = fixture(headDim, kvHeads, group, 250);
        fixture.mask(random);
        for (int shuffles = 0; shuffles <= (KernelRun.shuffles() ? 1 : 0); shuffles++) {
            PagedAttentionRun run = new PagedAttentionRun(fixture, splits);
            run.decode(fixture.table(0, 1), true, shuffles);
            String what = "seed " + seed + ", shuffles " + shuffles;
            run.check(what);
            run.checkRecord(what);
        }
    }

    @Test
    void continuesARunningState() {
        PagedAttentionFixture fixture = fixture(64, 2, 3, 250);
        PagedAttentionRun run = new PagedAttentionRun(fixture, 3);
        for (int part = 0; part < 3; part++) {
            run.decode(fixture.table(part, 3), part == 0, 0);
        }
        run.check("seed " + seed);
    }

    @Test
    void aRowIsTheSameWhateverElseIsInTheBlock() {
        PagedAttentionFixture fixture = fixture(64, 2, 3, ALL);
        PagedAttentionRun together = new PagedAttentionRun(fixture, 4);
        together.decode(fixture.table, true, 0);
        for (int row = 0; row < fixture.rows; row++) {
            PagedAttentionRun alone = new PagedAttentionRun(fixture, 4);
            fixture.bringToFront(row);
            alone.decode(fixture.table, true, 0);
            fixture.bringToFront(row); // back
            together.assertSameRow(row, alone, 0, "row " + row + ", seed " + seed);
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 2, 3, 1", "64, 2, 3, 2", "40, 1, 5, 1", "40, 1, 5, 2", "128, 1, 4, 1", "128, 1, 4, 2"})
    void attendsQuantisedChunks(int headDim, int kvHeads, int group, int format) {
        PagedAttentionFixture fixture = fixture(headDim, kvHeads, group, 300);
        IntArray pool = quantize(fixture, format);
        PagedAttentionRun run = new PagedAttentionRun(fixture, 3);
        run.quantized(pool, format);
        run.decode(fixture.table, true, 0);
        // What it is compared with was rounded to fp16.
        run.check("seed " + seed, 2e-3);
    }

    /** A pool of the same chunks quantised; the fixture's become what these stand for. */
    private static IntArray quantize(PagedAttentionFixture fixture, int format) {
        ChunkLayout layout = new ChunkLayout(fixture.headDim);
        QuantizedChunkLayout quantizedLayout = new QuantizedChunkLayout(layout);
        boolean refined = format == PoolFormat.INT8;
        int bytes = refined ? quantizedLayout.sizeBytes() : quantizedLayout.prefixBytes();
        int slotInts = PoolFormat.slotInts(fixture.headDim, format);
        assertEquals(bytes, 4 * slotInts);
        int first = PagedAttentionFixture.FIRST;
        IntArray pool = new IntArray(first + fixture.slots() * slotInts);
        pool.init(0);
        ScalarQuantizationKernels kernels = new ScalarQuantizationKernels();
        int keysInts = TornadoKvKernels.keysInts(fixture.headDim);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(layout.sizeBytes());
            MemorySegment quantized = arena.allocate(bytes);
            for (int slot = 0; slot < fixture.slots(); slot++) {
                int at = first + slot * keysInts;
                for (int i = 0; i < keysInts; i++) {
                    chunk.setAtIndex(ValueLayout.JAVA_INT, i, fixture.keys.get(at + i));
                    chunk.setAtIndex(ValueLayout.JAVA_INT, keysInts + i, fixture.values.get(at + i));
                }
                kernels.quantize(quantizedLayout, chunk, 0, quantized, 0, refined);
                kernels.dequantize(quantizedLayout, quantized, 0, refined, chunk, 0);
                for (int i = 0; i < keysInts; i++) {
                    fixture.keys.set(at + i, chunk.getAtIndex(ValueLayout.JAVA_INT, i));
                    fixture.values.set(at + i, chunk.getAtIndex(ValueLayout.JAVA_INT, keysInts + i));
                }
                for (int i = 0; i < slotInts; i++) {
                    pool.set(first + slot * slotInts + i, quantized.getAtIndex(ValueLayout.JAVA_INT, i));
                }
            }
        }
        return pool;
    }

    @Test
    void rowsBeyondTheBlockAreLeftAlone() {
        PagedAttentionFixture fixture = fixture(16, 1, 1, ALL);
        fixture.step.set(StepLayout.ROWS, 1);
        PagedAttentionRun run = new PagedAttentionRun(fixture, 2);
        run.decode(fixture.table, true, 0);
        for (int i = 2 * fixture.heads; i < run.softmax.getSize(); i++) {
            assertTrue(Float.isNaN(run.softmax.get(i)), "seed " + seed);
        }
    }
}
