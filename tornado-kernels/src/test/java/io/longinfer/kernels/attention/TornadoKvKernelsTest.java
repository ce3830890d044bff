package io.longinfer.kernels.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoKvKernelsTest {
    private static final int FIRST = 3;
    private static final int KV_HEADS = 3;
    private static final int SLOTS = 40;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);

    /** Segments that begin in the middle of a chunk, at an odd and at an even position, cross chunks, or are one token. */
    @ParameterizedTest
    @ValueSource(ints = {8, 24, 64})
    void appendsRowsToTheirSlots(int headDim) {
        int[] segmentRows = {1, 1, 5, 40};
        int[] positions = {16, 35, 47, 0};
        int kvWidth = KV_HEADS * headDim;
        int rows = 47;
        IntArray step = new IntArray(StepLayout.FIRST_ROW + rows * StepLayout.ROW_INTS);
        step.init(0);
        step.set(StepLayout.ROWS, rows);
        step.set(StepLayout.SEGMENTS, segmentRows.length);
        int row = 0;
        int slot = 1;
        for (int s = 0; s < segmentRows.length; s++) {
            for (int t = 0; t < segmentRows[s]; t++) {
                int at = StepLayout.FIRST_ROW + row * StepLayout.ROW_INTS;
                step.set(at + StepLayout.POSITION, positions[s] + t);
                step.set(at + StepLayout.SEGMENT, s);
                step.set(at + StepLayout.SLOT, slot);
                step.set(at + StepLayout.STRIDE, 9);
                row++;
                if ((positions[s] + t + 1) % ChunkLayout.TOKENS == 0) {
                    slot++;
                }
            }
            slot++;
        }
        FloatArray newKeys = floats(rows * kvWidth);
        FloatArray newValues = floats(rows * kvWidth);
        IntArray keys = ints(FIRST + SLOTS * TornadoKvKernels.keysInts(headDim));
        IntArray values = ints(keys.getSize());
        short[] expectedKeys = halves(keys);
        short[] expectedValues = halves(values);
        for (int r = 0; r < rows; r++) {
            int at = StepLayout.FIRST_ROW + r * StepLayout.ROW_INTS;
            int token = step.get(at + StepLayout.POSITION) % ChunkLayout.TOKENS;
            for (int c = 0; c < kvWidth; c++) {
                int start =
                        2 * FIRST + (step.get(at + StepLayout.SLOT) + c / headDim * 9) * headDim * ChunkLayout.TOKENS;
                int key = start + c % headDim * ChunkLayout.TOKENS + token;
                expectedKeys[key] = half(newKeys.get(FIRST + r * kvWidth + c));
                boolean last = r + 1 == rows
                        || step.get(at + StepLayout.ROW_INTS + StepLayout.SEGMENT) != step.get(at + StepLayout.SEGMENT);
                if (token % 2 == 0 && last) {
                    expectedKeys[key + 1] = 0;
                }
                expectedValues[start + token * headDim + c % headDim] = half(newValues.get(FIRST + r * kvWidth + c));
            }
        }
        KernelRun.of()
                .in(step, newKeys, newValues, keys, values)
                .task(
                        "append",
                        TornadoKvKernels.appendGrid(kvWidth, rows + 2),
                        graph -> graph.task(
                                "append",
                                TornadoKvKernels::append,
                                new KernelContext(),
                                step,
                                newKeys,
                                newValues,
                                keys,
                                values,
                                FIRST,
                                kvWidth,
                                headDim))
                .out(keys, values)
                .run();
        assertHalves(expectedKeys, keys, "keys, seed " + seed);
        assertWritten(expectedValues, step, rows, kvWidth, headDim, values);
    }

    /** Only what was written: of an array that a kernel only writes, TornadoVM copies nothing to the device. */
    private void assertWritten(short[] expected, IntArray step, int rows, int kvWidth, int headDim, IntArray values) {
        short[] actual = halves(values);
        for (int r = 0; r < rows; r++) {
            int at = StepLayout.FIRST_ROW + r * StepLayout.ROW_INTS;
            int token = step.get(at + StepLayout.POSITION) % ChunkLayout.TOKENS;
            for (int c = 0; c < kvWidth; c++) {
                int index = 2 * FIRST
                        + (step.get(at + StepLayout.SLOT) + c / headDim * 9) * headDim * ChunkLayout.TOKENS
                        + token * headDim
                        + c % headDim;
                assertEquals(expected[index], actual[index], "value, row " + r + ", channel " + c + ", seed " + seed);
            }
        }
    }

    @Test
    void fills() {
        IntArray array = ints(200_001);
        KernelRun.of()
                .in(array)
                .task(
                        "fill",
                        TornadoKvKernels.fillGrid(),
                        graph ->
                                graph.task("fill", TornadoKvKernels::fill, new KernelContext(), array, array.getSize()))
                .out(array)
                .run();
        for (int i = 0; i < array.getSize(); i++) {
            assertEquals(0, array.get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 40, 128})
    void scattersStagedChunks(int headDim) {
        int ints = TornadoKvKernels.keysInts(headDim);
        IntArray step = new IntArray(StepLayout.FIRST_ROW);
        step.init(0);
        step.set(StepLayout.STAGED, 3);
        IntArray slots = new IntArray(4);
        int[] targets = {7, 2, 11, 0};
        for (int i = 0; i < 4; i++) {
            slots.set(i, targets[i]);
        }
        IntArray staged = ints(FIRST + 4 * 2 * ints);
        IntArray keys = ints(FIRST + SLOTS * ints);
        IntArray values = ints(FIRST + SLOTS * ints);
        IntArray whole = ints(FIRST + SLOTS * 2 * ints);
        KernelRun.of()
                .in(step, slots, staged, keys, values, whole)
                .task(
                        "scatter",
                        TornadoKvKernels.scatterGrid(4),
                        graph -> graph.task(
                                "scatter",
                                TornadoKvKernels::scatter,
                                new KernelContext(),
                                step,
                                slots,
                                staged,
                                keys,
                                values,
                                FIRST,
                                headDim))
                .task(
                        "whole",
                        TornadoKvKernels.scatterGrid(4),
                        graph -> graph.task(
                                "whole",
                                TornadoKvKernels::scatterWhole,
                                new KernelContext(),
                                step,
                                slots,
                                staged,
                                whole,
                                FIRST,
                                2 * ints))
                .out(keys, values, whole)
                .run();
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < ints; i++) {
                int from = FIRST + c * 2 * ints + i;
                String what = "chunk " + c + ", int " + i + ", seed " + seed;
                assertEquals(staged.get(from), keys.get(FIRST + targets[c] * ints + i), what);
                assertEquals(staged.get(from + ints), values.get(FIRST + targets[c] * ints + i), what);
                assertEquals(staged.get(from), whole.get(FIRST + targets[c] * 2 * ints + i), what);
                assertEquals(staged.get(from + ints), whole.get(FIRST + targets[c] * 2 * ints + ints + i), what);
            }
        }
    }

    private FloatArray floats(int size) {
        FloatArray made = new FloatArray(FIRST + size);
        made.init(0f);
        for (int i = 0; i < size; i++) {
            made.set(FIRST + i, (float) (random.nextGaussian() * Math.pow(2, random.nextInt(40) - 24)));
        }
        return made;
    }

    /** Finite halves. */
    private IntArray ints(int size) {
        IntArray made = new IntArray(size);
        for (int i = 0; i < size; i++) {
            made.set(i, random.nextInt() & 0xbbffbbff);
        }
        return made;
    }

    private static short half(float x) {
        return Float.floatToFloat16(Math.clamp(x, -65504f, 65504f));
    }

    private static short[] halves(IntArray array) {
        short[] halves = new short[2 * array.getSize()];
        for (int i = 0; i < halves.length; i++) {
            halves[i] = (short) (array.get(i / 2) >>> (16 * (i % 2)));
        }
        return halves;
    }

    private static void assertHalves(short[] expected, IntArray actual, String what) {
        short[] halves = halves(actual);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], halves[i], what + ", half " + i);
        }
    }
}
