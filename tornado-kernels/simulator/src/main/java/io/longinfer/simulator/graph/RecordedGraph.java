package io.longinfer.simulator.graph;

import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A graph that no longer changes.
 *
 * @param toDevice modes of the arrays that travel to the device
 * @param toHost modes of the arrays that travel to the host or persist
 * @param consumed graphs that the consumed arrays were declared to come from
 */
public record RecordedGraph(
        String name,
        List<TaskCall> tasks,
        Map<TornadoNativeArray, Integer> toDevice,
        Map<TornadoNativeArray, Integer> toHost,
        Map<TornadoNativeArray, String> consumed) {}
