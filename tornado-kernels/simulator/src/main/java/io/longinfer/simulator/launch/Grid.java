package io.longinfer.simulator.launch;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.device.SimulatedDevice;
import uk.ac.manchester.tornado.api.WorkerGrid;

/** The work-items of a launch and of a group, by dimension; immutable. */
public final class Grid {
    /** One work-item, for kernels whose loops are marked {@code @Parallel}. */
    public static final Grid ONE = new Grid(new int[] {1, 1, 1}, new int[] {1, 1, 1});

    // Boxed, since a context's numbers are.
    private final Integer[] global = new Integer[3];
    private final Integer[] local = new Integer[3];

    private Grid(int[] global, int[] local) {
        for (int d = 0; d < 3; d++) {
            this.global[d] = global[d];
            this.local[d] = local[d];
        }
    }

    /** The grid of a worker grid as it is now; a missing group size becomes the largest power of two up to 256 that divides. */
    public static Grid of(String task, WorkerGrid workers) {
        int[] global = new int[3];
        int[] local = new int[3];
        long[] wanted = workers.getLocalWork();
        for (int d = 0; d < 3; d++) {
            global[d] = Math.toIntExact(workers.getGlobalWork()[d]);
            local[d] = wanted != null
                    ? Math.toIntExact(wanted[d])
                    : d == 0 ? Math.min(256, Integer.lowestOneBit(Math.max(1, global[d]))) : 1;
            if (local[d] <= 0 || global[d] <= 0 || workers.getGlobalOffset()[d] != 0 || global[d] % local[d] != 0) {
                throw limit(task, "a grid of " + workers + " is no whole number of groups, at least one, from 0 on");
            }
        }
        Grid grid = new Grid(global, local);
        if (grid.groupItems() > SimulatedDevice.MAX_GROUP_ITEMS) {
            throw limit(
                    task, "groups of " + grid.groupItems() + " work-items, at most " + SimulatedDevice.MAX_GROUP_ITEMS);
        }
        return grid;
    }

    private static Finding limit(String task, String what) {
        return new Finding(FindingKind.DEVICE_LIMIT, task + ": " + what);
    }

    Integer global(int dimension) {
        return global[dimension];
    }

    Integer local(int dimension) {
        return local[dimension];
    }

    int groupItems() {
        return local[0] * local[1] * local[2];
    }

    long groups() {
        return (long) groups(0) * groups(1) * groups(2);
    }

    int groups(int dimension) {
        return global[dimension] / local[dimension];
    }

    int group(long number, int dimension) {
        long rest = dimension == 0 ? number : dimension == 1 ? number / groups(0) : number / groups(0) / groups(1);
        return (int) (rest % groups(dimension));
    }

    int localId(int item, int dimension) {
        int rest = dimension == 0 ? item : dimension == 1 ? item / local[0] : item / local[0] / local[1];
        return rest % local[dimension];
    }

    /** A work-item in words: its group, its place in it, and its global number. */
    String name(long group, int item) {
        int[] ids = new int[3];
        for (int d = 0; d < 3; d++) {
            ids[d] = group(group, d) * local[d] + localId(item, d);
        }
        String where = global[1] == 1 && global[2] == 1
                ? String.valueOf(ids[0])
                : "(" + ids[0] + ", " + ids[1] + ", " + ids[2] + ")";
        return "work-item " + where + " (group " + group + ", local " + item + ")";
    }
}
