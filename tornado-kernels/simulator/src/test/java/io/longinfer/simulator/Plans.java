package io.longinfer.simulator;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** Plans over one grid, for tests. */
final class Plans {
    private Plans() {}

    /** A plan over graphs named g, h, ... in which every task named k has so many work-items in groups of so many. */
    static TornadoExecutionPlan over(int items, int groupItems, TaskGraph... graphs) {
        GridScheduler grids = new GridScheduler();
        ImmutableTaskGraph[] snapshots = new ImmutableTaskGraph[graphs.length];
        for (int i = 0; i < graphs.length; i++) {
            grids.addWorkerGrid(graphs[i].getTaskGraphName() + ".k", grid(items, groupItems));
            snapshots[i] = graphs[i].snapshot();
        }
        return new TornadoExecutionPlan(snapshots).withGridScheduler(grids);
    }

    static WorkerGrid1D grid(int items, int groupItems) {
        WorkerGrid1D grid = new WorkerGrid1D(items);
        grid.setLocalWork(groupItems, 1, 1);
        return grid;
    }
}
