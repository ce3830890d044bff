package io.longinfer.simulator.graph;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.kernel.KernelCode;
import io.longinfer.simulator.launch.Grid;
import io.longinfer.simulator.launch.Launch;
import io.longinfer.simulator.memory.DeviceCopy;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The graphs of a plan and their device copies.
 *
 * <p>One thread executes at a time over the whole process, as if all plans shared one queue of the device.
 */
public final class PlanExecution {
    private static final ReentrantLock DEVICE = new ReentrantLock();

    private final IdentityHashMap<RecordedGraph, GraphState> states = new IdentityHashMap<>();
    private final IdentityHashMap<TaskCall, TaskHistory> histories = new IdentityHashMap<>();
    private GridScheduler grids = new GridScheduler();
    private Optional<RecordedGraph> last = Optional.empty();

    /** A plan that has executed nothing. */
    public PlanExecution(List<RecordedGraph> graphs) {
        for (RecordedGraph graph : graphs) {
            states.put(graph, new GraphState(graph));
            graph.tasks().forEach(BakedParameters::check);
        }
    }

    /** Sets the grids; false when none of them belongs to a task of the plan. */
    public boolean schedule(GridScheduler scheduler) {
        grids = scheduler;
        return scheduler.keySet().isEmpty()
                || states.keySet().stream()
                        .flatMap(graph -> graph.tasks().stream())
                        .anyMatch(task -> scheduler.get(task.name()) != null);
    }

    /** Reads a graph's kernels. */
    public void prepare(RecordedGraph graph) {
        for (TaskCall task : graph.tasks()) {
            KernelCode.of(task.code(), task.arguments());
        }
    }

    /** Executes a graph. */
    public void execute(RecordedGraph graph) {
        DEVICE.lock();
        try {
            GraphState state = states.get(graph);
            last.ifPresent(before -> state.consumeFrom(before, states.get(before)));
            state.upload();
            for (TaskCall task : graph.tasks()) {
                run(task, state);
            }
            state.download();
        } finally {
            DEVICE.unlock();
        }
    }

    /** An execution has ended whose last graph was this one: consumers take their arrays from it. */
    public void executed(RecordedGraph graph) {
        last = Optional.of(graph);
    }

    private void run(TaskCall task, GraphState state) {
        Object[] arguments = task.arguments().toArray();
        boolean kernelContext = false;
        for (Object argument : arguments) {
            kernelContext |= argument instanceof KernelContext;
        }
        TaskHistory history = histories.computeIfAbsent(task, _ -> new TaskHistory());
        Launch launch = new Launch(task.name(), kernelContext ? grid(task) : Grid.ONE);
        List<LaunchWatch> watches = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i] instanceof TornadoNativeArray array) {
                DeviceCopy copy = state.needed(array, "task " + task.name() + ", parameter " + i + ",");
                LaunchWatch watch = new LaunchWatch(launch, task, i, copy, history);
                watches.add(watch);
                arguments[i] = array.onDevice(copy.segment(), watch);
            }
        }
        KernelCode code = KernelCode.of(task.code(), task.arguments());
        launch.run(code.body(), arguments, kernelContext && code.waits());
        history.launched();
        watches.forEach(LaunchWatch::end);
    }

    private Grid grid(TaskCall task) {
        if (grids.get(task.name()) == null) {
            throw new Finding(
                    FindingKind.DEVICE_LIMIT,
                    "task " + task.name() + " uses a kernel context and has no grid; there are " + grids.keySet());
        }
        return Grid.of(task.name(), grids.get(task.name()));
    }

    /**
     * Copies a range of bytes of an array to the host.
     *
     * @param graphs the graphs of the execution whose result it is
     */
    public void fetch(List<RecordedGraph> graphs, TornadoNativeArray array, long offset, long bytes) {
        DEVICE.lock();
        try {
            DeviceCopy copy = graphs.reversed().stream()
                    .flatMap(graph -> states.get(graph).copy(array).stream())
                    .findFirst()
                    .orElseThrow(() -> new Finding(
                            FindingKind.NOT_ON_DEVICE,
                            "a " + TaskCall.name(array) + " is to be fetched that the executed graphs "
                                    + graphs.stream().map(RecordedGraph::name).toList() + " do not hold"));
            if (copy.fetchedByRange() && bytes == array.getNumBytesOfSegment()) {
                throw new Finding(
                        FindingKind.WHOLE_AFTER_RANGE,
                        "a " + TaskCall.name(array) + " is fetched whole after it was fetched by range");
            }
            copy.download(offset, bytes);
        } finally {
            DEVICE.unlock();
        }
    }

    /** The bytes of all copies. */
    public long deviceBytes() {
        return states.values().stream()
                .flatMap(state -> state.copies().values().stream())
                .distinct()
                .mapToLong(copy -> copy.segment().byteSize())
                .sum();
    }

    /**
     * Frees everything.
     *
     * @param selected the graphs that TornadoVM would free
     * @throws Finding if it would leave memory taken, or free some twice
     */
    public void close(List<RecordedGraph> selected) {
        Optional<String> fault = selected.stream()
                .filter(graph -> selected.size() > 1)
                .flatMap(graph -> states.get(graph).freedTwice().stream())
                .findFirst()
                .or(() -> states.keySet().stream()
                        .filter(graph ->
                                !selected.contains(graph) && states.get(graph).owns())
                        .findFirst()
                        .map(graph -> "graph " + graph.name()
                                + " is not selected and keeps its memory: call withAllGraphs() before close()"));
        free(List.copyOf(states.keySet()));
        fault.ifPresent(what -> {
            throw new Finding(FindingKind.BAD_CLOSE, what);
        });
    }

    /** Frees the copies of graphs. */
    public void free(List<RecordedGraph> graphs) {
        DEVICE.lock();
        try {
            for (RecordedGraph graph : graphs) {
                Map<TornadoNativeArray, DeviceCopy> copies = states.get(graph).copies();
                copies.values().forEach(DeviceCopy::free);
                copies.clear();
            }
        } finally {
            DEVICE.unlock();
        }
    }
}
