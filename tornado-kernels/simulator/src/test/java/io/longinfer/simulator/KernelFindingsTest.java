package io.longinfer.simulator;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Each wrong kernel is found out, by the finding meant for it and with array, index and work-items in the message. */
class KernelFindingsTest {
    private static final int ITEMS = 64;

    static void outOfBounds(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        out.set(i, in.get(i + 1));
    }

    static void localOutOfBounds(KernelContext context, IntArray in, IntArray out) {
        int[] local = context.allocateIntLocalArray(31);
        local[context.localIdx] = in.get(0);
    }

    static void readsUnwrittenLocal(KernelContext context, IntArray in, IntArray out) {
        int[] local = context.allocateIntLocalArray(32);
        out.set(context.globalIdx, local[context.localIdx]);
    }

    static void readsOutput(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        out.set(i, out.get(i) + in.get(i));
    }

    static void divergesByReturn(KernelContext context, IntArray in, IntArray out) {
        if (context.localIdx == 7) {
            return;
        }
        context.localBarrier();
        out.set(context.globalIdx, 1);
    }

    static void divergesByBranch(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        if (context.localIdx == 7) {
            out.set(i, 2);
            context.localBarrier();
        } else {
            context.localBarrier();
            out.set(i, 1);
        }
    }

    static void warpDiverges(KernelContext context, IntArray in, IntArray out) {
        if (context.localIdx < 31) {
            out.set(context.globalIdx, (int) context.simdSum(1f));
        }
    }

    static void racesInGroup(KernelContext context, IntArray in, IntArray out) {
        int local = context.localIdx;
        int[] shared = context.allocateIntLocalArray(32);
        shared[local] = local;
        out.set(context.globalIdx, shared[Math.max(local - 1, 0)]);
    }

    static void racesInGroupByReadFirst(KernelContext context, IntArray in, IntArray out) {
        int local = context.localIdx;
        int[] shared = context.allocateIntLocalArray(32);
        shared[local] = local;
        context.localBarrier();
        int neighbour = shared[(local + 1) % 32];
        shared[local] = neighbour;
        out.set(context.globalIdx, neighbour);
    }

    static void racesBetweenGroups(KernelContext context, IntArray in, IntArray out) {
        if (context.localIdx == 0) {
            out.set(0, context.groupIdx);
        }
    }

    static void racesBetweenGroupsByRead(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        int sum = in.get(63 - i);
        in.set(i, 5);
        out.set(i, sum);
    }

    static void atomicAndPlain(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        if (i == 0) {
            in.set(0, 3);
        } else {
            context.atomicAdd(in, 0, 1);
        }
    }

    static void atomics(KernelContext context, IntArray in, IntArray out) {
        context.atomicAdd(in, 0, 1);
        out.set(context.globalIdx, 1);
    }

    static void shifts(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        out.set(i, in.get(i) >> 4);
    }

    static void shiftsUnsigned(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        out.set(i, (in.get(i) >>> 28) & 0xF);
    }

    static void divides(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        out.set(i, in.get(i) / 16);
    }

    static void shiftsWell(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        int p = in.get(i);
        out.set(i, ((p >> 28) & 0xF) + (byte) (p >>> 24) + ((p >>> 8) & 0xFF) + ((p >> 16) & 0xFFFF) + p % 8);
    }

    static void tooMuchLocalMemory(KernelContext context, IntArray in, IntArray out) {
        int[] local = context.allocateIntLocalArray(1 << 14);
        local[context.localIdx] = in.get(0);
    }

    static void roundsWithMath(KernelContext context, IntArray in, IntArray out) {
        int i = context.globalIdx;
        out.set(i, Math.abs(in.get(i)));
    }

    private static int first(int[] array) {
        return array[0];
    }

    static void givesAwayLocalMemory(KernelContext context, IntArray in, IntArray out) {
        int[] local = context.allocateIntLocalArray(32);
        local[0] = in.get(0);
        out.set(context.globalIdx, first(local));
    }

    private static Finding find(FindingKind kind, Task3<KernelContext, IntArray, IntArray> kernel) {
        Finding finding = assertThrows(Finding.class, () -> run(kernel, new IntArray(ITEMS)));
        assertEquals(kind, finding.kind(), finding::getMessage);
        return finding;
    }

    private static IntArray run(Task3<KernelContext, IntArray, IntArray> kernel, IntArray in) throws Exception {
        for (int i = 0; i < ITEMS; i++) {
            in.set(i, -1_985_229_329 * (i + 1));
        }
        IntArray out = new IntArray(ITEMS);
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .task("k", kernel, new KernelContext(), in, out)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, in, out);
        try (TornadoExecutionPlan plan = Plans.over(ITEMS, 32, graph)) {
            // Twice: the second launch remembers written arrays only.
            plan.execute();
            plan.execute();
        }
        return out;
    }

    private static void names(Finding finding, String... parts) {
        for (String part : parts) {
            assertTrue(finding.getMessage().contains(part), () -> part + " is not in: " + finding.getMessage());
        }
    }

    @Test
    void indicesOutsideArrays() {
        names(
                find(FindingKind.OUT_OF_BOUNDS, KernelFindingsTest::outOfBounds),
                "g.k",
                "element 64 of IntArray of 64, parameter 1",
                "work-item 63 (group 1, local 31)");
        names(
                find(FindingKind.OUT_OF_BOUNDS, KernelFindingsTest::localOutOfBounds),
                "local array 0 (int[31])[31] of 31",
                "work-item 31");
    }

    @Test
    void memoryNobodyWrote() {
        names(find(FindingKind.NEVER_WRITTEN, KernelFindingsTest::readsUnwrittenLocal), "local array 0 (int[32])[0]");
        names(
                find(FindingKind.NEVER_WRITTEN, KernelFindingsTest::readsOutput),
                "element 0 of IntArray of 64, parameter 2",
                "work-item 0");
    }

    @Test
    void workItemsThatDoNotMeet() {
        names(
                find(FindingKind.BARRIER_DIVERGENCE, KernelFindingsTest::divergesByReturn),
                "waits at a barrier in line",
                "local work-item 7 has ended");
        names(find(FindingKind.BARRIER_DIVERGENCE, KernelFindingsTest::divergesByBranch), "local work-item 7 waits");
        names(find(FindingKind.WARP_DIVERGENCE, KernelFindingsTest::warpDiverges), "lane 31 is not there");
    }

    @Test
    void races() {
        names(
                find(FindingKind.RACE_IN_GROUP, KernelFindingsTest::racesInGroup),
                "work-item 1 (group 0, local 1) reads local array 0 (int[32])[0]",
                "touched by work-item 0");
        find(FindingKind.RACE_IN_GROUP, KernelFindingsTest::racesInGroupByReadFirst);
        names(
                find(FindingKind.RACE_BETWEEN_GROUPS, KernelFindingsTest::racesBetweenGroups),
                "work-item 32 (group 1, local 0) writes element 0 of IntArray of 64, parameter 2",
                "touched by work-item 0 (group 0, local 0)");
        find(FindingKind.RACE_BETWEEN_GROUPS, KernelFindingsTest::racesBetweenGroupsByRead);
        find(FindingKind.RACE_IN_GROUP, KernelFindingsTest::atomicAndPlain);
        assertDoesNotThrow(() -> run(KernelFindingsTest::atomics, new IntArray(ITEMS)));
    }

    @Test
    void shiftsThatDevicesComputeOtherwise() throws Exception {
        names(find(FindingKind.SHIFT_OF_NEGATIVE, KernelFindingsTest::shifts), ">> 4", "PTX");
        names(find(FindingKind.SHIFT_OF_NEGATIVE, KernelFindingsTest::shiftsUnsigned), ">>> 28", "OpenCL");
        find(FindingKind.SHIFT_OF_NEGATIVE, KernelFindingsTest::divides);
        IntArray in = new IntArray(ITEMS);
        IntArray out = run(KernelFindingsTest::shiftsWell, in);
        int p = in.get(0);
        assertEquals(
                ((p >> 28) & 0xF) + (byte) (p >>> 24) + ((p >>> 8) & 0xFF) + ((p >> 16) & 0xFFFF) + p % 8, out.get(0));
    }

    @Test
    void whatNoDeviceTakes() {
        find(FindingKind.DEVICE_LIMIT, KernelFindingsTest::tooMuchLocalMemory);
        names(find(FindingKind.DOES_NOT_COMPILE, KernelFindingsTest::roundsWithMath), "java.lang.Math.abs");
        names(find(FindingKind.DOES_NOT_COMPILE, KernelFindingsTest::givesAwayLocalMemory), "first");
    }
}
