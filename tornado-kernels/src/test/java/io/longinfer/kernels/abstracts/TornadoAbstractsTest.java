package io.longinfer.kernels.abstracts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.TornadoKvKernels;
import io.longinfer.kernels.device.KernelRun;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoAbstractsTest {
    private static final int FIRST = 3;
    private static final int GROUPS = 7;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);
    private final ScalarAbstractKernels scalar = new ScalarAbstractKernels();

    @ParameterizedTest
    @ValueSource(ints = {8, 24, 64, 128})
    void updatesAsTheScalarOneDoes(int headDim) {
        ChunkLayout layout = new ChunkLayout(headDim);
        int keysInts = TornadoKvKernels.keysInts(headDim);
        IntArray keys = halves(9 * keysInts);
        IntArray abstracts = halves(GROUPS * TornadoAbstracts.groupInts(headDim));
        // A pair, an even one alone, an odd one alone, and one entry more than the count says.
        int[][] entries = {{4, 2, 3, 0}, {7, -1, 0, 5}, {-1, 8, 6, 7}, {1, 1, 1, 1}};
        IntArray updates = list(entries, 3);
        int groupInts = TornadoAbstracts.groupInts(headDim);
        MemorySegment chunk = Arena.ofAuto().allocate(layout.sizeBytes());
        MemorySegment groups = copy(abstracts, FIRST, GROUPS * groupInts);
        for (int e = 0; e < 3; e++) {
            for (int c = 0; c < 2; c++) {
                if (entries[e][c] >= 0) {
                    MemorySegment.copy(
                            copy(keys, FIRST + entries[e][c] * keysInts, keysInts), 0, chunk, 0, 4L * keysInts);
                    int index = 2 * entries[e][3] + c;
                    scalar.update(layout, chunk, 0, groups, 4L * entries[e][2] * groupInts, index);
                }
            }
        }
        KernelRun.of()
                .in(updates, keys, abstracts)
                .task(
                        "update",
                        TornadoAbstracts.updateGrid(entries.length + 1),
                        graph -> graph.task(
                                "update",
                                TornadoAbstracts::update,
                                new KernelContext(),
                                updates,
                                keys,
                                abstracts,
                                FIRST,
                                headDim))
                .out(abstracts)
                .run();
        for (int i = 0; i < GROUPS * groupInts; i++) {
            int expected = groups.getAtIndex(ValueLayout.JAVA_INT, i);
            assertEquals(expected, abstracts.get(FIRST + i), "int " + i + ", seed " + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 24, 64})
    void encodesOutward(int headDim) {
        int groupInts = TornadoAbstracts.groupInts(headDim);
        int byteInts = TornadoAbstracts.byteGroupInts(headDim);
        IntArray abstracts = boxes(headDim);
        IntArray bytes = new IntArray(FIRST + 3 * byteInts);
        bytes.init(0);
        int[][] entries = {{5, 1}, {2, 0}, {6, 2}};
        IntArray list = list(entries, 3);
        encode(list, abstracts, bytes, headDim, 4);
        AbstractLayout layout = new AbstractLayout(headDim);
        ByteAbstractLayout byteLayout = new ByteAbstractLayout(headDim);
        assertEquals(byteLayout.groupBytes(), 4 * byteInts);
        for (int[] entry : entries) {
            MemorySegment halves = copy(abstracts, FIRST + entry[0] * groupInts, groupInts);
            MemorySegment actual = copy(bytes, FIRST + entry[1] * byteInts, byteInts);
            MemorySegment expected = Arena.ofAuto().allocate(byteLayout.groupBytes());
            byteLayout.encode(halves, 0, expected, 0);
            for (int j = 0; j < headDim; j++) {
                for (int i = 0; i < AbstractLayout.CHUNKS; i++) {
                    float min = half(halves, layout.minOffset(j, i));
                    float max = half(halves, layout.maxOffset(j, i));
                    String what = "channel " + j + ", chunk " + i + ", seed " + seed;
                    assertTrue(byteLayout.min(actual, 0, j, i) <= min, what);
                    assertTrue(byteLayout.max(actual, 0, j, i) >= max, what);
                    // Not looser than the scalar one by more than rounding of the step.
                    float slack = 0.01f * Math.abs(max - min) + Math.abs(max) * 2e-3f + Math.abs(min) * 2e-3f;
                    assertEquals(byteLayout.min(expected, 0, j, i), byteLayout.min(actual, 0, j, i), slack, what);
                    assertEquals(byteLayout.max(expected, 0, j, i), byteLayout.max(actual, 0, j, i), slack, what);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 1, 1", "24, 2, 5", "64, 2, 3", "64, 1, 8", "128, 1, 4", "40, 1, 16"})
    void boundsAsTheScalarOnesAre(int headDim, int kvHeads, int group) {
        IntArray abstracts = boxes(headDim);
        IntArray bytes = new IntArray(FIRST + GROUPS * TornadoAbstracts.byteGroupInts(headDim));
        bytes.init(0);
        int[][] same = new int[GROUPS][];
        for (int g = 0; g < GROUPS; g++) {
            same[g] = new int[] {g, g};
        }
        encode(list(same, GROUPS), abstracts, bytes, headDim, GROUPS);
        // First group, groups, row of the queries, KV head.
        int[][] lists = {{0, 5, 1, 0}, {5, 2, 0, kvHeads - 1}, {3, 1, 2, 0}};
        FloatArray queries = new FloatArray(FIRST + 3 * kvHeads * group * headDim);
        queries.init(0f);
        float[] plain = new float[3 * kvHeads * group * headDim];
        for (int i = 0; i < plain.length; i++) {
            plain[i] = (float) random.nextGaussian();
            queries.set(FIRST + i, plain[i]);
        }
        int stride = 6 * AbstractLayout.CHUNKS;
        for (int precision = 0; precision < 2; precision++) {
            IntArray groups = precision == TornadoBounds.FP16 ? abstracts : bytes;
            for (int sign = -1; sign <= 1; sign += 2) {
                FloatArray bounds = bounds(list(lists, 3), queries, groups, kvHeads, group, headDim, sign, precision);
                for (int l = 0; l < lists.length; l++) {
                    float[] expected = new float[group * stride];
                    int q = (lists[l][2] * kvHeads + lists[l][3]) * group * headDim;
                    expect(lists[l], groups, plain, q, group, headDim, sign, precision, expected, stride);
                    for (int i = 0; i < group * stride; i++) {
                        if (i % stride < lists[l][1] * AbstractLayout.CHUNKS) {
                            float actual = bounds.get(FIRST + l * group * stride + i);
                            String what = "list " + l + ", bound " + i + ", precision " + precision + ", seed " + seed;
                            assertEquals(expected[i], actual, 2e-5 * headDim, what);
                        }
                    }
                }
            }
        }
    }

    private FloatArray bounds(
            IntArray lists,
            FloatArray queries,
            IntArray groups,
            int kvHeads,
            int group,
            int headDim,
            int sign,
            int precision) {
        FloatArray bounds = new FloatArray(FIRST + 3 * group * 6 * AbstractLayout.CHUNKS);
        bounds.init(0f);
        KernelRun.of()
                .in(lists, queries, groups, bounds)
                .task(
                        "bounds",
                        TornadoBounds.grid(4, group, 6),
                        graph -> graph.task(
                                "bounds",
                                TornadoBounds::bounds,
                                new KernelContext(),
                                lists,
                                queries,
                                groups,
                                bounds,
                                FIRST,
                                kvHeads,
                                group,
                                headDim,
                                6,
                                sign,
                                precision))
                .out(bounds)
                .run();
        return bounds;
    }

    private void expect(
            int[] list,
            IntArray groups,
            float[] q,
            int qOffset,
            int group,
            int headDim,
            int sign,
            int precision,
            float[] expected,
            int stride) {
        boolean halves = precision == TornadoBounds.FP16;
        int ints = halves ? TornadoAbstracts.groupInts(headDim) : TornadoAbstracts.byteGroupInts(headDim);
        MemorySegment memory = copy(groups, FIRST + list[0] * ints, list[1] * ints);
        AbstractLayout layout = new AbstractLayout(headDim);
        if (halves && sign == TornadoBounds.UPPER) {
            scalar.upperBounds(layout, memory, 0, list[1], q, qOffset, group, expected, 0, stride);
        } else if (halves) {
            scalar.lowerBounds(layout, memory, 0, list[1], q, qOffset, group, expected, 0, stride);
        } else {
            float[] signed = q.clone();
            for (int i = 0; i < q.length; i++) {
                signed[i] = sign * q[i];
            }
            ByteAbstractLayout bytes = new ByteAbstractLayout(headDim);
            scalar.upperBounds(bytes, memory, 0, list[1], signed, qOffset, group, expected, 0, stride);
            for (int i = 0; i < expected.length; i++) {
                expected[i] = sign * expected[i];
            }
        }
    }

    private static void encode(IntArray list, IntArray abstracts, IntArray bytes, int headDim, int maxGroups) {
        KernelRun.of()
                .in(list, abstracts, bytes)
                .task(
                        "encode",
                        TornadoAbstracts.encodeGrid(maxGroups),
                        graph -> graph.task(
                                "encode",
                                TornadoAbstracts::encode,
                                new KernelContext(),
                                list,
                                abstracts,
                                bytes,
                                FIRST,
                                headDim))
                .out(bytes)
                .run();
    }

    private static IntArray list(int[][] entries, int count) {
        IntArray list = new IntArray(TornadoAbstracts.LIST_HEAD + entries.length * TornadoAbstracts.LIST_INTS);
        list.init(0);
        list.set(0, count);
        for (int e = 0; e < entries.length; e++) {
            for (int i = 0; i < entries[e].length; i++) {
                list.set(TornadoAbstracts.LIST_HEAD + e * TornadoAbstracts.LIST_INTS + i, entries[e][i]);
            }
        }
        return list;
    }

    /** Groups whose minima are at most their maxima; some boxes are points, some large. */
    private IntArray boxes(int headDim) {
        IntArray made = new IntArray(FIRST + GROUPS * TornadoAbstracts.groupInts(headDim));
        made.init(0);
        int half = TornadoAbstracts.groupInts(headDim) / 2;
        for (int i = 0; i < GROUPS * half; i++) {
            int at = FIRST + i / half * 2 * half + i % half;
            int low = 0;
            int high = 0;
            float scale = i / 8 % 5 == 0 ? 1e-6f : 1;
            for (int shift = 0; shift < 32; shift += 16) {
                float a = (float) random.nextGaussian() * scale;
                float b = random.nextInt(5) == 0 ? a : (float) random.nextGaussian() * scale;
                low |= (Float.floatToFloat16(Math.min(a, b)) & 0xffff) << shift;
                high |= (Float.floatToFloat16(Math.max(a, b)) & 0xffff) << shift;
            }
            made.set(at, low);
            made.set(at + half, high);
        }
        return made;
    }

    /** Finite halves. */
    private IntArray halves(int size) {
        IntArray made = new IntArray(FIRST + size);
        for (int i = 0; i < made.getSize(); i++) {
            made.set(i, random.nextInt() & 0xbbffbbff);
        }
        return made;
    }

    private static MemorySegment copy(IntArray array, int from, int ints) {
        MemorySegment made = Arena.ofAuto().allocate(4L * ints, 4);
        for (int i = 0; i < ints; i++) {
            made.setAtIndex(ValueLayout.JAVA_INT, i, array.get(from + i));
        }
        return made;
    }

    private static float half(MemorySegment memory, int offset) {
        return Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
    }
}
