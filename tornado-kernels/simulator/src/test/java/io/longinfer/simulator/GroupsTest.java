package io.longinfer.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

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
