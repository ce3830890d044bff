package io.longinfer.kernels.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The parts of TornadoVM's API that every device kernel leans on, in the simulator and in TornadoVM alike. */
class TornadoSmokeTest {

    private static final int CAPACITY = 4224;
    private static final int GROUP = 64;
    private static final int[] SIZES = {1, 4098, 13, 1021, 4};

    /** sum = left + right for the first {@code length.get(0)} elements. */
    static void add(KernelContext context, IntArray length, FloatArray left, FloatArray right, FloatArray sum) {
        int i = context.globalIdx;
        if (i < length.get(0)) {
            sum.set(i, left.get(i) + right.get(i));
        }
    }

    /** Names the shared arrays, so that the graph owns them on the device; with a length of 0 it touches none. */
    static void own(KernelContext context, IntArray length, FloatArray weights, FloatArray state) {
        int i = context.globalIdx;
        if (i < length.get(0)) {
            state.set(i, state.get(i) + weights.get(i));
        }
    }

    static void load(KernelContext context, IntArray step, FloatArray weights, FloatArray state) {
        int i = context.globalIdx;
        state.set(i, weights.get(i) + step.get(0));
    }

    static void advance(KernelContext context, IntArray step, FloatArray state) {
        int i = context.globalIdx;
        state.set(i, state.get(i) * 0.5f + step.get(0));
    }

    static void copy(KernelContext context, FloatArray state, FloatArray result) {
        int i = context.globalIdx;
        result.set(i, state.get(i));
    }

    @Test
    void oneTaskRunsOverGridsOfAnySize() throws TornadoExecutionPlanException {
        var length = new IntArray(1);
        var left = new FloatArray(CAPACITY);
        var right = new FloatArray(CAPACITY);
        var sum = new FloatArray(CAPACITY);
        for (int i = 0; i < CAPACITY; i++) {
            left.set(i, i);
            right.set(i, 0.25f * i);
        }
        TaskGraph graph = new TaskGraph("smoke")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, left, right)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, length, sum)
                .task("add", TornadoSmokeTest::add, new KernelContext(), length, left, right, sum)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, sum);
        WorkerGrid1D grid = grid(CAPACITY);
        try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("smoke.add", grid));
            for (int size : SIZES) {
                length.set(0, size);
                sum.init(-1f);
                grid.setGlobalWork(Math.ceilDiv(size, GROUP) * (long) GROUP, 1, 1);
                plan.execute();
                for (int i = 0; i < CAPACITY; i++) {
                    assertEquals(i < size ? 1.25f * i : -1f, sum.get(i), "element " + i + " of " + size);
                }
            }
        }
    }

    @Test
    void graphsOfAPlanShareDeviceBuffersInAnyOrder() throws TornadoExecutionPlanException {
        var nothing = IntArray.fromElements(0);
        var step = new IntArray(1);
        var weights = new FloatArray(GROUP);
        var state = new FloatArray(GROUP);
        var result = new FloatArray(GROUP);
        for (int i = 0; i < GROUP; i++) {
            weights.set(i, i);
        }
        TaskGraph home = new TaskGraph("home")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, nothing, weights)
                .transferToDevice(DataTransferMode.UNDER_DEMAND, state)
                .task("own", TornadoSmokeTest::own, new KernelContext(), nothing, weights, state)
                .persistOnDevice(weights, state);
        TaskGraph load = new TaskGraph("load")
                .consumeFromDevice(weights, state)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                .task("task", TornadoSmokeTest::load, new KernelContext(), step, weights, state);
        TaskGraph advance = new TaskGraph("advance")
                .consumeFromDevice(weights, state)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                .task("task", TornadoSmokeTest::advance, new KernelContext(), step, state);
        TaskGraph copy = new TaskGraph("copy")
                .consumeFromDevice(weights, state)
                .task("task", TornadoSmokeTest::copy, new KernelContext(), state, result)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, result);
        WorkerGrid1D grid = grid(GROUP);
        var scheduler = new GridScheduler("home.own", grid);
        scheduler.addWorkerGrid("load.task", grid);
        scheduler.addWorkerGrid("advance.task", grid);
        scheduler.addWorkerGrid("copy.task", grid);
        ImmutableTaskGraph[] graphs = {home.snapshot(), load.snapshot(), advance.snapshot(), copy.snapshot()};
        try (var plan = new TornadoExecutionPlan(graphs)) {
            plan.withGridScheduler(scheduler);
            plan.withGraph(0).execute();
            checkRandomOrder(plan, step, result);
            // What is selected is what close frees.
            plan.withAllGraphs();
        }
    }

    private static void checkRandomOrder(TornadoExecutionPlan plan, IntArray step, FloatArray result) {
        long seed = new SplittableRandom().nextLong();
        var random = new SplittableRandom(seed);
        float[] expected = new float[GROUP];
        for (int execution = 0; execution < 50; execution++) {
            int graph = execution == 0 ? 1 : random.nextInt(1, 4);
            step.set(0, random.nextInt(8));
            plan.withGraph(graph).execute();
            for (int i = 0; i < GROUP; i++) {
                if (graph == 1) {
                    expected[i] = i + step.get(0);
                } else if (graph == 2) {
                    expected[i] = expected[i] * 0.5f + step.get(0);
                } else {
                    assertEquals(expected[i], result.get(i), 1e-5f, "element " + i + ", seed " + seed);
                }
            }
        }
    }

    private static WorkerGrid1D grid(int size) {
        var grid = new WorkerGrid1D(size);
        grid.setLocalWork(GROUP, 1, 1);
        return grid;
    }
}
