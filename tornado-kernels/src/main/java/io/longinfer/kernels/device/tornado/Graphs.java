package io.longinfer.kernels.device.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Task graphs of one execution plan that share arrays on the device, executable in any order. A first graph, <i>home</i>, owns
 * the shared arrays: it copies or allocates each once. Every other graph consumes all of them, even those that none of its
 * tasks takes, as TornadoVM hands the buffers on from the graph executed last to the next, whichever that is. Executions and reads are one at a time, by any thread; closing frees the device's memory.
 */
final class Graphs implements AutoCloseable {
    private final TornadoDevice device;
    private final KernelContext context = new KernelContext();
    private final List<TornadoNativeArray> shared = new ArrayList<>();
    private final List<TornadoNativeArray> copied = new ArrayList<>();
    private final List<TornadoNativeArray> allocated = new ArrayList<>();
    private final List<Stage> stages = new ArrayList<>();
    private final GridScheduler grids = new GridScheduler();
    private final Stage home;
    private Optional<TornadoExecutionPlan> plan = Optional.empty();
    private Optional<TornadoExecutionResult> last = Optional.empty();
    private long executions;

    Graphs(TornadoDevice device) {
        this.device = device;
        home = stage("home");
    }

    /** What tasks take as their context. */
    KernelContext context() {
        return context;
    }

    /** Shares an array that is copied to the device once. */
    <A extends TornadoNativeArray> A copied(A array) {
        copied.add(array);
        shared.add(array);
        return array;
    }

    /** Shares an array that is only allocated on the device, and holds anything at first. */
    <A extends TornadoNativeArray> A allocated(A array) {
        allocated.add(array);
        shared.add(array);
        return array;
    }

    /** The arrays shared so far. */
    List<TornadoNativeArray> shared() {
        return shared;
    }

    /** The graph that runs first and once: its tasks may fill what is allocated. */
    Stage home() {
        return home;
    }

    /** Begins a graph. */
    Stage stage(String name) {
        Stage stage = new Stage(name, stages.size());
        stages.add(stage);
        return stage;
    }

    /** Executions so far, that of home apart. */
    long executions() {
        return executions;
    }

    /**
     * Ends the definition of graphs, and moves what is shared to the device.
     *
     * @throws IllegalArgumentException if it does not fit there
     */
    void start() {
        checkSizes();
        home.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, copied.toArray());
        home.graph.transferToDevice(DataTransferMode.UNDER_DEMAND, allocated.toArray());
        new Touch(home, context).all(shared);
        home.graph.persistOnDevice(shared.toArray());
        ImmutableTaskGraph[] graphs = new ImmutableTaskGraph[stages.size()];
        for (Stage stage : stages) {
            graphs[stage.index] = stage.graph.snapshot();
        }
        TornadoExecutionPlan started = new TornadoExecutionPlan(graphs);
        started.withDevice(device).withGridScheduler(grids);
        try {
            started.withGraph(home.index).execute();
        } catch (TornadoOutOfMemoryException e) {
            throw new IllegalArgumentException(
                    "weights, KV and activations take " + sharedBytes()
                            + " bytes of the device, more than TornadoVM may"
                            + " take of it (--device-memory, 4GiB without) or than it has",
                    e);
        }
        // Not before: TornadoVM cannot free a plan whose arrays are not all allocated.
        plan = Optional.of(started);
    }

    private long sharedBytes() {
        return shared.stream()
                .mapToLong(TornadoNativeArray::getNumBytesOfSegmentWithHeader)
                .sum();
    }

    private void checkSizes() {
        for (TornadoNativeArray array : shared) {
            long bytes = array.getNumBytesOfSegmentWithHeader();
            if (bytes >= device.getMaxAllocMemory()) {
                throw new IllegalArgumentException("the device takes no array of " + bytes + " bytes, less than "
                        + device.getMaxAllocMemory()
                        + " is allowed: lower --device-budget, or take a model or format with fewer bytes");
            }
        }
    }

    /** Copies a range of a shared array to a Java array, as the last execution left it. */
    synchronized void read(FloatArray array, long first, long count, float[] target, int at) {
        read(array, first, count);
        HostArrays.copy(array, first, Math.toIntExact(count), target, at);
    }

    /** Copies a range of a shared array to its twin in the host, as the last execution left it. */
    synchronized void read(TornadoNativeArray array, long first, long count) {
        if (count > 0) {
            last.orElseThrow(() -> new IllegalStateException("nothing was executed yet"))
                    .transferToHost(new DataRange(array).withOffset(first).withSize(count));
        }
    }

    @Override
    public void close() {
        if (plan.isPresent()) {
            TornadoExecutionPlan open = plan.get();
            plan = Optional.empty();
            last = Optional.empty();
            try {
                // Of the graphs selected last alone is the memory freed.
                open.withAllGraphs();
                open.close();
            } catch (TornadoExecutionPlanException e) {
                throw new IllegalStateException("TornadoVM could not free the device's memory", e);
            }
        }
    }

    /** One graph. Shared arrays are all declared before it. */
    final class Stage {
        private final TaskGraph graph;
        private final int index;

        private Stage(String name, int index) {
            this.index = index;
            graph = new TaskGraph(name);
            if (index > 0) {
                graph.consumeFromDevice(shared.toArray());
            }
        }

        /** Adds arrays that are copied to the device at every execution. */
        Stage input(TornadoNativeArray... arrays) {
            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, (Object[]) arrays);
            return this;
        }

        /** Adds arrays that are copied to the host at every execution. */
        Stage output(TornadoNativeArray... arrays) {
            graph.transferToHost(DataTransferMode.EVERY_EXECUTION, (Object[]) arrays);
            return this;
        }

        /** What tasks are added to. */
        TaskGraph graph() {
            return graph;
        }

        /** Sets the grid of a task. */
        Stage grid(String task, WorkerGrid grid) {
            grids.addWorkerGrid(graph.getTaskGraphName() + "." + task, grid);
            return this;
        }

        /** Executes the graph, and waits for its end. */
        void run() {
            synchronized (Graphs.this) {
                last = Optional.of(plan.orElseThrow(() -> new IllegalStateException("the device's memory is free"))
                        .withGraph(index)
                        .execute());
                executions++;
            }
        }
    }
}
