package io.longinfer.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Right programs give right answers: groups, barriers, local memory, loops marked parallel. */
class GroupsTest {
    static void reduce(KernelContext context, FloatArray in, FloatArray out, int items) {
        int local = context.localIdx;
        float[] sums = context.allocateFloatLocalArray(items);
        sums[local] = in.get(context.globalIdx);
        for (int stride = items / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (local < stride) {
                sums[local] += sums[local + stride];
            }
        }
        if (local == 0) {
            out.set(context.groupIdx, sums[0]);
        }
    }

    static void warps(KernelContext context, FloatArray in, FloatArray out) {
        int i = context.globalIdx;
        float sum = context.simdSum(in.get(i));
        float next = context.simdShuffleDown(in.get(i), 1);
        out.set(i, sum + next - context.simdBroadcastFirst(next));
    }

    static void multiply(KernelContext context, FloatArray a, FloatArray b, FloatArray c, int size, int tile) {
        int row = context.localIdy;
        int column = context.localIdx;
        float[] tileOfA = context.allocateFloatLocalArray(tile * tile);
        float[] tileOfB = context.allocateFloatLocalArray(tile * tile);
        int outRow = context.groupIdy * tile + row;
        int outColumn = context.groupIdx * tile + column;
        float sum = 0f;
        for (int t = 0; t < size / tile; t++) {
            tileOfA[row * tile + column] = a.get(outRow * size + t * tile + column);
            tileOfB[row * tile + column] = b.get((t * tile + row) * size + outColumn);
            context.localBarrier();
            for (int k = 0; k < tile; k++) {
                sum += tileOfA[row * tile + k] * tileOfB[k * tile + column];
            }
            context.localBarrier();
        }
        c.set(outRow * size + outColumn, sum);
    }

    static void count(KernelContext context, IntArray data, IntArray counts) {
        int local = context.localIdx;
        int[] bins = context.allocateIntLocalArray(4);
        if (local < 4) {
            bins[local] = 0;
        }
        context.localBarrier();
        context.atomicAdd(bins, data.get(context.globalIdx) & 3, 1);
        context.localBarrier();
        if (local < 4) {
            context.atomicAdd(counts, local, bins[local]);
        }
    }

    static void matrices(KernelContext context, IntArray a, IntArray b, FloatArray c) {
        int lane = context.localIdx;
        int[] left = context.allocateIntLocalArray(128);
        int[] right = context.allocateIntLocalArray(64);
        for (int i = lane; i < 128; i += 32) {
            left[i] = a.get(i);
        }
        for (int i = lane; i < 64; i += 32) {
            right[i] = b.get(i);
        }
        context.localBarrier();
        HalfFloat[] x = context.mmaLoadA(left, 16);
        HalfFloat[] y = context.mmaLoadB(right, 16);
        context.mmaStore(context.mma(x, y, context.mmaFragment(1f), MMAShape.M16N8K16), c, 0, 0, 8);
    }

    static void scale(FloatArray in, FloatArray out, float by) {
        for (@Parallel int i = 0; i < in.getSize(); i++) {
            out.set(i, in.get(i) * by);
        }
    }

    @Test
    void aTreeOfSumsOverLocalMemory() throws TornadoExecutionPlanException {
        FloatArray in = new FloatArray(1024);
        for (int i = 0; i < in.getSize(); i++) {
            in.set(i, i % 7);
        }
        FloatArray out = new FloatArray(16);
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, in)
                .task("reduce", GroupsTest::reduce, new KernelContext(), in, out, 64)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        WorkerGrid1D grid = new WorkerGrid1D(1024);
        grid.setLocalWork(64, 1, 1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.reduce", grid)).execute();
        }
        for (int group = 0; group < 16; group++) {
            float expected = 0;
            for (int i = 0; i < 64; i++) {
                expected += (64 * group + i) % 7;
            }
            assertEquals(expected, out.get(group));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 42})
    void warpsExchangeInAnyOrder(long seed) throws TornadoExecutionPlanException {
        FloatArray in = new FloatArray(128);
        for (int i = 0; i < in.getSize(); i++) {
            in.set(i, i);
        }
        FloatArray out = new FloatArray(128);
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, in)
                .task("k", GroupsTest::warps, new KernelContext(), in, out)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        System.setProperty("longinfer.simulator.seed", String.valueOf(seed));
        try (TornadoExecutionPlan plan = Plans.over(128, 64, graph)) {
            plan.execute();
        } finally {
            System.clearProperty("longinfer.simulator.seed");
        }
        int lane = 37 % 32;
        assertEquals(32 * 32 + 31 * 16 + 38 - 33, out.get(37), "lane " + lane);
        assertEquals(31 * 16 + 31 - 1, out.get(31), "the last lane keeps its own");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7})
    void aProductByTiles(long seed) throws TornadoExecutionPlanException {
        int size = 24;
        Random random = new Random(5);
        FloatArray a = new FloatArray(size * size);
        FloatArray b = new FloatArray(size * size);
        for (int i = 0; i < a.getSize(); i++) {
            a.set(i, random.nextInt(9) - 4);
            b.set(i, random.nextInt(9) - 4);
        }
        FloatArray c = new FloatArray(size * size);
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, a, b)
                .task("k", GroupsTest::multiply, new KernelContext(), a, b, c, size, 8)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, c);
        WorkerGrid2D grid = new WorkerGrid2D(size, size);
        grid.setLocalWork(8, 8, 1);
        System.setProperty("longinfer.simulator.seed", String.valueOf(seed));
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.k", grid)).execute();
        } finally {
            System.clearProperty("longinfer.simulator.seed");
        }
        for (int i = 0; i < size * size; i++) {
            float expected = 0f;
            for (int k = 0; k < size; k++) {
                expected += a.get(i / size * size + k) * b.get(k * size + i % size);
            }
            assertEquals(expected, c.get(i));
        }
    }

    @Test
    void groupsCountTogetherByAtomics() throws TornadoExecutionPlanException {
        IntArray data = new IntArray(256);
        for (int i = 0; i < data.getSize(); i++) {
            data.set(i, i % 5);
        }
        IntArray counts = new IntArray(4);
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, data, counts)
                .task("k", GroupsTest::count, new KernelContext(), data, counts)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, counts);
        try (TornadoExecutionPlan plan = Plans.over(256, 64, graph)) {
            plan.execute();
        }
        assertArrayEquals(new int[] {52 + 51, 51, 51, 51}, counts.toHeapArray());
    }

    @Test
    void aWarpMultipliesMatrices() throws TornadoExecutionPlanException {
        IntArray a = halves(16 * 16);
        IntArray b = halves(16 * 8);
        FloatArray c = new FloatArray(16 * 8);
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, a, b)
                .task("k", GroupsTest::matrices, new KernelContext(), a, b, c)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, c);
        try (TornadoExecutionPlan plan = Plans.over(32, 32, graph)) {
            plan.execute();
        }
        for (int i = 0; i < c.getSize(); i++) {
            float expected = 1f;
            for (int k = 0; k < 16; k++) {
                expected += (i / 8 * 16 + k) % 9 * ((k * 8 + i % 8) % 9);
            }
            assertEquals(expected, c.get(i));
        }
    }

    /** The numbers 0 to 8 over and over, as halves, two in an int. */
    private static IntArray halves(int count) {
        IntArray packed = new IntArray(count / 2);
        for (int i = 0; i < packed.getSize(); i++) {
            int low = Float.floatToFloat16(2 * i % 9) & 0xFFFF;
            packed.set(i, low | Float.floatToFloat16((2 * i + 1) % 9) << 16);
        }
        return packed;
    }

    @Test
    void loopsMarkedParallelRunAsTheyAre() throws TornadoExecutionPlanException {
        FloatArray in = FloatArray.fromElements(1f, 2f, 3f);
        FloatArray out = new FloatArray(3);
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .task("scale", GroupsTest::scale, in, out, 2f)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.execute();
        }
        assertEquals(6f, out.get(2));
    }
}
