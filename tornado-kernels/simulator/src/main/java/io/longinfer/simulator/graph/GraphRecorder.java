package io.longinfer.simulator.graph;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoTaskRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** What a graph under construction has been told; not thread-safe. */
public final class GraphRecorder {
    private final String name;
    private final List<TaskCall> tasks = new ArrayList<>();
    private final Set<String> taskNames = new HashSet<>();
    // Arrays have no equals of their own, so these maps go by identity.
    private final Map<TornadoNativeArray, Integer> toDevice = new LinkedHashMap<>();
    private final Map<TornadoNativeArray, Integer> toHost = new LinkedHashMap<>();
    private final Map<TornadoNativeArray, String> consumed = new LinkedHashMap<>();

    /** An empty graph. */
    public GraphRecorder(String name) {
        this.name = Objects.requireNonNull(name, "a graph's name");
    }

    /** The graph's name. */
    public String name() {
        return name;
    }

    /** Arrays that travel to the device; numbers are ignored, since they are compiled in. */
    public void transferToDevice(int mode, Object... objects) {
        for (Object object : objects) {
            if (!(object instanceof Number)) {
                toDevice.put(array(object), mode);
            }
        }
    }

    /** Arrays that travel to the host. */
    public void transferToHost(int mode, Object... objects) {
        for (Object object : objects) {
            toHost.put(array(object), mode);
        }
    }

    /** Arrays that stay on the device. */
    public void persistOnDevice(Object... objects) {
        transferToHost(DataTransferMode.UNDER_DEMAND, objects);
    }

    /** Arrays that an earlier graph has left on the device. */
    public void consumeFromDevice(String graph, Object... objects) {
        for (Object object : objects) {
            consumed.put(array(object), graph);
        }
    }

    /** A kernel. */
    public void addTask(String id, Object code, Object... arguments) {
        if (!taskNames.add(id)) {
            throw new TornadoTaskRuntimeException("graph " + name + " has a task " + id + " already");
        }
        for (Object argument : arguments) {
            boolean known = argument instanceof TornadoNativeArray
                    || argument instanceof KernelContext
                    || argument instanceof Number
                    || argument instanceof Boolean
                    || argument instanceof Character;
            if (!known) {
                throw new TornadoTaskRuntimeException("task " + name + "." + id + " is given " + argument
                        + ": the simulator knows arrays, kernel contexts and numbers");
            }
        }
        tasks.add(new TaskCall(name + "." + id, code, List.of(arguments)));
    }

    /** The graph as it is now. */
    public RecordedGraph snapshot() {
        return new RecordedGraph(
                name,
                List.copyOf(tasks),
                new LinkedHashMap<>(toDevice),
                new LinkedHashMap<>(toHost),
                new LinkedHashMap<>(consumed));
    }

    private TornadoNativeArray array(Object object) {
        if (object instanceof TornadoNativeArray array) {
            return array;
        }
        throw new TornadoRuntimeException("graph " + name + " is told to transfer " + object + ", which is no array");
    }
}
