package io.longinfer.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Each way to lose data between host, device and graphs is found out, and right chains of graphs pass. */
class GraphFindingsTest {
    private static final int ITEMS = 8;

    static void add(KernelContext context, FloatArray in, FloatArray out, float by) {
        int i = context.globalIdx;
        out.set(i, in.get(i) + by);
    }

    static void addInPlace(KernelContext context, FloatArray array, float by) {
        int i = context.globalIdx;
        array.set(i, array.get(i) + by);
    }

    private final FloatArray in = FloatArray.fromElements(0, 1, 2, 3, 4, 5, 6, 7);
    private final FloatArray pool = new FloatArray(ITEMS);
    private final FloatArray out = new FloatArray(ITEMS);

    private TaskGraph adding(int inMode, int outMode) {
        return new TaskGraph("g")
                .transferToDevice(inMode, in)
                .task("k", GraphFindingsTest::add, new KernelContext(), in, out, 1f)
                .transferToHost(outMode, out);
    }

    private TaskGraph home() {
        return new TaskGraph("home")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .transferToDevice(DataTransferMode.UNDER_DEMAND, pool)
                .task("k", GraphFindingsTest::add, new KernelContext(), in, pool, 10f)
                .persistOnDevice(pool);
    }

    private TaskGraph step(String name) {
        return new TaskGraph(name)
                .consumeFromDevice(pool)
                .task("k", GraphFindingsTest::addInPlace, new KernelContext(), pool, 100f);
    }

    private static void finds(FindingKind kind, Executable program) {
        Finding finding = assertThrows(Finding.class, program);
        assertEquals(kind, finding.kind(), finding::getMessage);
    }

    @Test
    void transfersHappenAsDeclared() throws Exception {
        try (TornadoExecutionPlan plan =
                Plans.over(ITEMS, 4, adding(DataTransferMode.EVERY_EXECUTION, DataTransferMode.EVERY_EXECUTION))) {
            plan.execute();
            assertEquals(8f, out.get(7));
            in.set(7, 50f);
            plan.execute();
            assertEquals(51f, out.get(7));
        }
    }

    @Test
    void rangesComeBackAlone() throws Exception {
        try (TornadoExecutionPlan plan =
                Plans.over(ITEMS, 4, adding(DataTransferMode.FIRST_EXECUTION, DataTransferMode.UNDER_DEMAND))) {
            TornadoExecutionResult result = plan.execute();
            result.transferToHost(new DataRange(out).withOffset(2).withSize(3));
            assertEquals(5f, out.get(4));
            finds(FindingKind.HOST_READ_STALE, () -> out.get(5));
            finds(FindingKind.WHOLE_AFTER_RANGE, () -> result.transferToHost(out));
        }
    }

    @Test
    void graphsHandOverWhatStaysOnTheDevice() throws Exception {
        try (TornadoExecutionPlan plan = Plans.over(ITEMS, 4, home(), step("one"), step("two"))) {
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
            plan.withGraph(2).execute();
            TornadoExecutionResult result = plan.withGraph(1).execute();
            result.transferToHost(pool);
            assertEquals(315f, pool.get(5));
            plan.withAllGraphs();
        }
    }

    @Test
    void consumersNeedAProducerJustBefore() throws Exception {
        try (TornadoExecutionPlan plan = Plans.over(ITEMS, 4, step("one"))) {
            finds(FindingKind.NOT_ON_DEVICE, plan::execute);
        }
        TaskGraph stranger = adding(DataTransferMode.FIRST_EXECUTION, DataTransferMode.UNDER_DEMAND);
        try (TornadoExecutionPlan plan = Plans.over(ITEMS, 4, home(), stranger, step("one"))) {
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
            finds(FindingKind.NOT_ON_DEVICE, () -> plan.withGraph(2).execute());
            plan.withAllGraphs();
        }
    }

    @Test
    void undeclaredArrays() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, in)
                .task("k", GraphFindingsTest::add, new KernelContext(), in, out, 1f);
        try (TornadoExecutionPlan plan = Plans.over(ITEMS, 4, graph)) {
            finds(FindingKind.UNDECLARED_ARRAY, plan::execute);
        }
    }

    @Test
    void allocatedArraysHoldNothing() throws Exception {
        try (TornadoExecutionPlan plan =
                Plans.over(ITEMS, 4, adding(DataTransferMode.UNDER_DEMAND, DataTransferMode.UNDER_DEMAND))) {
            finds(FindingKind.NEVER_WRITTEN, plan::execute);
        }
    }

    @Test
    void hostWritesThatNobodyTransfers() throws Exception {
        try (TornadoExecutionPlan plan =
                Plans.over(ITEMS, 4, adding(DataTransferMode.FIRST_EXECUTION, DataTransferMode.EVERY_EXECUTION))) {
            plan.execute();
            in.set(3, 3f);
            plan.execute();
            in.set(3, 4f);
            finds(FindingKind.HOST_WRITE_LOST, plan::execute);
        }
    }

    @Test
    void resultsReadWithoutATransfer() throws Exception {
        try (TornadoExecutionPlan plan =
                Plans.over(ITEMS, 4, adding(DataTransferMode.FIRST_EXECUTION, DataTransferMode.UNDER_DEMAND))) {
            TornadoExecutionResult result = plan.execute();
            finds(FindingKind.HOST_READ_STALE, () -> out.get(0));
            result.transferToHost(out);
            assertEquals(1f, out.get(0));
        }
    }

    @Test
    void numbersThatChangeFromBuildToBuild() {
        finds(FindingKind.BAKED_PARAMETER, () -> {
            for (int position = 0; position < 20; position++) {
                TaskGraph graph = new TaskGraph("g")
                        .transferToDevice(DataTransferMode.FIRST_EXECUTION, in)
                        .task("k", GraphFindingsTest::add, new KernelContext(), in, out, (float) position)
                        .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
                try (TornadoExecutionPlan plan = Plans.over(ITEMS, 4, graph)) {
                    plan.execute();
                }
            }
        });
    }

    @Test
    void plansThatKeepOrFreeTooMuch() {
        finds(FindingKind.BAD_CLOSE, () -> {
            try (TornadoExecutionPlan plan = Plans.over(ITEMS, 4, home(), step("one"))) {
                plan.withGraph(0).execute();
                plan.withGraph(1).execute();
            }
        });
        finds(FindingKind.BAD_CLOSE, () -> {
            try (TornadoExecutionPlan plan =
                    Plans.over(ITEMS, 4, home(), step("one").persistOnDevice(pool))) {
                plan.withGraph(0).execute();
                plan.withAllGraphs();
            }
        });
    }

    @Test
    void gridsThatDoNotFit() throws Exception {
        try (TornadoExecutionPlan plan =
                Plans.over(ITEMS, 3, adding(DataTransferMode.FIRST_EXECUTION, DataTransferMode.UNDER_DEMAND))) {
            finds(FindingKind.DEVICE_LIMIT, plan::execute);
        }
    }
}
