package io.longinfer.kernels.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * One or a few kernels as a task graph, for tests:
 *
 * <pre>{@code
 * KernelRun.of()
 *         .in(step, x)
 *         .task("norm", grid, graph -> graph.task("norm", TornadoNorms::norm, context, step, x, ...))
 *         .out(y)
 *         .run();
 * }</pre>
 *
 * <p>The device is the default one, or the first of the backend that the system property {@code longinfer.tornado.device} names
 * ({@code opencl} or {@code ptx}). What is both read and written goes {@link #in} and {@link #out}; what is only written, just
 * out.
 */
public final class KernelRun {
    /** Names the backend whose first device runs the kernels. */
    public static final String DEVICE = "longinfer.tornado.device";

    private static final String GRAPH = "run";

    private final List<Object> inputs = new ArrayList<>();
    private final List<Object> scratch = new ArrayList<>();
    private final List<Object> outputs = new ArrayList<>();
    private final List<Consumer<TaskGraph>> tasks = new ArrayList<>();
    private final GridScheduler grids = new GridScheduler();

    private KernelRun() {}

    /** A run of nothing yet. */
    public static KernelRun of() {
        return new KernelRun();
    }

    /** The backend that {@link #DEVICE} names, or the default device's. */
    public static String backend() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        String theDefault = runtime.getDefaultDevice().getTornadoVMBackend().name();
        return System.getProperty(DEVICE, theDefault).toLowerCase(Locale.ROOT);
    }

    /** Whether the device has warp shuffles: PTX has, OpenCL has not. */
    public static boolean shuffles() {
        return !backend().equals("opencl");
    }

    /** Whether the device has matrix instructions: PTX has, OpenCL has not. */
    public static boolean matrixInstructions() {
        return !backend().equals("opencl");
    }

    /** Arrays that are copied to the device before each execution. */
    public KernelRun in(Object... arrays) {
        inputs.addAll(List.of(arrays));
        return this;
    }

    /** Arrays that the tasks write and read again, which are never copied. */
    public KernelRun scratch(Object... arrays) {
        scratch.addAll(List.of(arrays));
        return this;
    }

    /** Arrays that are copied from the device after each execution. */
    public KernelRun out(Object... arrays) {
        outputs.addAll(List.of(arrays));
        return this;
    }

    /**
     * Adds a task.
     *
     * @param adding calls {@code task(name, ...)}
     */
    public KernelRun task(String name, WorkerGrid grid, Consumer<TaskGraph> adding) {
        grids.addWorkerGrid(GRAPH + "." + name, grid);
        tasks.add(adding);
        return this;
    }

    /** Executes the tasks once. */
    public void run() {
        run(1);
    }

    /** Executes the tasks a number of times. */
    public void run(int times) {
        TaskGraph graph = new TaskGraph(GRAPH);
        graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, inputs.toArray());
        if (!scratch.isEmpty()) {
            graph.transferToDevice(DataTransferMode.UNDER_DEMAND, scratch.toArray());
        }
        tasks.forEach(task -> task.accept(graph));
        graph.transferToHost(DataTransferMode.EVERY_EXECUTION, outputs.toArray());
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids).withDevice(device(backend()));
            for (int i = 0; i < times; i++) {
                plan.execute();
            }
        } catch (TornadoExecutionPlanException failure) {
            throw new IllegalStateException("the tasks could not be executed", failure);
        }
    }

    private static TornadoDevice device(String backend) {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        for (int i = 0; i < runtime.getNumBackends(); i++) {
            if (runtime.getBackendType(i).name().equalsIgnoreCase(backend)) {
                return runtime.getBackend(i).getDevice(0);
            }
        }
        throw new IllegalStateException(DEVICE + " is " + backend + ", but TornadoVM has no such backend here");
    }
}
