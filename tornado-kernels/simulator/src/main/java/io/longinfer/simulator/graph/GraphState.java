package io.longinfer.simulator.graph;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.memory.DeviceCopy;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A graph's device copies in a plan: its own and those handed over to it; used under the device's lock. */
final class GraphState {
    private final RecordedGraph graph;
    private final Map<TornadoNativeArray, DeviceCopy> copies = new HashMap<>();
    private final Map<String, Set<TornadoNativeArray>> sources = new HashMap<>();

    GraphState(RecordedGraph graph) {
        this.graph = graph;
        graph.consumed()
                .forEach((array, source) ->
                        sources.computeIfAbsent(source, name -> new HashSet<>()).add(array));
    }

    Map<TornadoNativeArray, DeviceCopy> copies() {
        return copies;
    }

    Optional<DeviceCopy> copy(TornadoNativeArray array) {
        return Optional.ofNullable(copies.get(array));
    }

    /**
     * Takes over consumed arrays from the graph that was executed before.
     *
     * <p>As TornadoVM does: those declared for that graph if there are any, else all of them, from then on for that graph too.
     */
    void consumeFrom(RecordedGraph before, GraphState state) {
        Set<TornadoNativeArray> handedOver = sources.computeIfAbsent(
                before.name(), name -> new HashSet<>(graph.consumed().keySet()));
        for (TornadoNativeArray array : handedOver) {
            state.copy(array).ifPresentOrElse(copy -> copies.put(array, copy), () -> copies.remove(array));
        }
    }

    /** Allocates what is not there yet and copies what is to travel now. */
    void upload() {
        graph.toDevice().forEach((array, mode) -> {
            if (graph.consumed().containsKey(array)) {
                return;
            }
            boolean fresh = !copies.containsKey(array);
            DeviceCopy copy = copies.computeIfAbsent(array, DeviceCopy::new);
            if (mode == DataTransferMode.EVERY_EXECUTION || (fresh && mode == DataTransferMode.FIRST_EXECUTION)) {
                copy.upload();
            } else if (mode == DataTransferMode.FIRST_EXECUTION && copy.hostChanged()) {
                throw new Finding(
                        FindingKind.HOST_WRITE_LOST,
                        "the host has changed a " + TaskCall.name(array) + " that graph " + graph.name()
                                + " transfers at its first execution only: the device does not see it");
            }
        });
        for (TornadoNativeArray array : graph.toHost().keySet()) {
            if (!graph.consumed().containsKey(array)) {
                copies.computeIfAbsent(array, DeviceCopy::new);
            }
        }
    }

    /** Copies what travels to the host at every execution. */
    void download() {
        graph.toHost().forEach((array, mode) -> {
            if (mode != DataTransferMode.UNDER_DEMAND) {
                needed(array, "graph " + graph.name())
                        .download(TornadoNativeArray.ARRAY_HEADER, array.getNumBytesOfSegment());
            }
        });
        copies.values().forEach(DeviceCopy::announce);
    }

    /** An array that this graph would free although another owns it, in words; empty when there is none. */
    Optional<String> freedTwice() {
        return graph.toHost().keySet().stream()
                .filter(graph.consumed()::containsKey)
                .findFirst()
                .map(array -> "graph " + graph.name() + " consumes and persists a " + TaskCall.name(array));
    }

    /** Whether this graph holds copies of its own. */
    boolean owns() {
        return copies.keySet().stream().anyMatch(array -> !graph.consumed().containsKey(array));
    }

    /** An array's copy, for a user named in the finding that says there is none. */
    DeviceCopy needed(TornadoNativeArray array, String user) {
        return copy(array)
                .orElseThrow(() -> graph.consumed().containsKey(array)
                        ? new Finding(
                                FindingKind.NOT_ON_DEVICE,
                                user + " consumes a " + TaskCall.name(array)
                                        + " that the graph executed before does not hold (no graph, or not declared there)")
                        : new Finding(
                                FindingKind.UNDECLARED_ARRAY,
                                user + " is given a " + TaskCall.name(array)
                                        + " that its graph neither transfers nor persists nor consumes"));
    }
}
