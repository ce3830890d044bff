package uk.ac.manchester.tornado.api;

import io.longinfer.simulator.graph.RecordedGraph;

/** A graph that no longer changes; made by {@link TaskGraph#snapshot()}. */
public class ImmutableTaskGraph {
    private final RecordedGraph graph;

    ImmutableTaskGraph(RecordedGraph graph) {
        this.graph = graph;
    }

    RecordedGraph graph() {
        return graph;
    }
}
