package uk.ac.manchester.tornado.api;

import io.longinfer.simulator.graph.PlanExecution;
import io.longinfer.simulator.graph.RecordedGraph;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Graphs that share a device's memory, and how they are executed.
 *
 * <p>Owns the device copies of its graphs' arrays until it is closed. To be used by one thread at a time. Where TornadoVM
 * gives a new plan object for each option, this class answers with itself.
 */
public class TornadoExecutionPlan implements AutoCloseable {
    private static final AtomicInteger PLANS = new AtomicInteger();

    private final long id = PLANS.incrementAndGet();
    private final List<RecordedGraph> graphs;
    private final PlanExecution execution;
    private List<RecordedGraph> selected;

    /** A plan over graphs, all of them selected. */
    public TornadoExecutionPlan(ImmutableTaskGraph... immutableTaskGraphs) {
        graphs = Arrays.stream(immutableTaskGraphs)
                .map(ImmutableTaskGraph::graph)
                .toList();
        selected = graphs;
        execution = new PlanExecution(graphs);
    }

    /** A device by the numbers of its backend and its own. */
    public static TornadoDevice getDevice(int driverIndex, int deviceIndex) {
        return TornadoRuntimeProvider.getTornadoRuntime()
                .getBackend(driverIndex)
                .getDevice(deviceIndex);
    }

    /** The device of a graph. */
    public TornadoDevice getDevice(int immutableTaskGraphIndex) {
        graphs.get(immutableTaskGraphIndex);
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    }

    /** The number of plans made so far. */
    public static int getTotalPlans() {
        return PLANS.get();
    }

    /** Every backend and device. */
    public static TornadoDeviceMap getTornadoDeviceMap() {
        return new TornadoDeviceMap();
    }

    /** Executes the selected graphs in order and waits for them. */
    public TornadoExecutionResult execute() {
        for (RecordedGraph graph : selected) {
            execution.execute(graph);
        }
        execution.executed(selected.getLast());
        return new TornadoExecutionResult(execution, selected);
    }

    /** Selects one graph. */
    public TornadoExecutionPlan withGraph(int graphIndex) {
        if (graphIndex < 0 || graphIndex >= graphs.size()) {
            throw new TornadoRuntimeException("graph " + graphIndex + " of " + graphs.size());
        }
        selected = List.of(graphs.get(graphIndex));
        return this;
    }

    /** Selects all graphs. */
    public TornadoExecutionPlan withAllGraphs() {
        selected = graphs;
        return this;
    }

    /** Reads the kernels of the selected graphs before they are needed. */
    public TornadoExecutionPlan withPreCompilation() {
        selected.forEach(execution::prepare);
        return this;
    }

    /** Sets the grids. */
    public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
        if (!execution.schedule(gridScheduler)) {
            throw new TornadoRuntimeException(
                    "none of the grids " + gridScheduler.keySet() + " belongs to a task of this plan");
        }
        return this;
    }

    /** Takes the grids away. */
    public TornadoExecutionPlan withDefaultScheduler() {
        execution.schedule(new GridScheduler());
        return this;
    }

    /** Chooses the device: there is one. */
    public TornadoExecutionPlan withDevice(TornadoDevice device) {
        return this;
    }

    /** Chooses a task's device: there is one. */
    public TornadoExecutionPlan withDevice(String taskName, TornadoDevice device) {
        return this;
    }

    /** Executes the selected graphs so many times. */
    public TornadoExecutionPlan withWarmUpIterations(int iterations) {
        if (iterations < 0) {
            throw new TornadoRuntimeException("warm-up of " + iterations + " iterations");
        }
        for (int i = 0; i < iterations; i++) {
            execute();
        }
        return this;
    }

    /** Executes the selected graphs for so long. */
    public TornadoExecutionPlan withWarmUpTime(long milliseconds) throws InterruptedException {
        long end = System.nanoTime() + milliseconds * 1_000_000;
        while (System.nanoTime() < end) {
            execute();
        }
        return this;
    }

    /** A limit of device memory; the simulator has none. */
    public TornadoExecutionPlan withMemoryLimit(String memoryLimit) {
        return this;
    }

    /** Executes as one CUDA graph on PTX; the simulator executes as before. */
    public TornadoExecutionPlan withCUDAGraph() {
        return this;
    }

    /** Overlaps transfers and kernels on PTX; the simulator executes in order. */
    public TornadoExecutionPlan withIntraPlanConcurrency() {
        return this;
    }

    /** Executes in order. */
    public TornadoExecutionPlan withoutIntraPlanConcurrency() {
        return this;
    }

    /** Frees the device copies of the selected graphs. */
    public TornadoExecutionPlan freeDeviceMemory() {
        execution.free(selected);
        return this;
    }

    /** Forgets what the device has compiled; the device copies stay. */
    public TornadoExecutionPlan resetDevice() {
        return this;
    }

    /** The bytes of all device copies. */
    public long getCurrentDeviceMemoryUsage() {
        return execution.deviceBytes();
    }

    /** This plan's number. */
    public long getId() {
        return id;
    }

    /** Frees the device copies of the selected graphs; a finding says so if others hold some. */
    @Override
    public void close() throws TornadoExecutionPlanException {
        execution.close(selected);
    }
}
