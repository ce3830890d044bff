package io.longinfer.eval.hardware.trace;

import io.longinfer.eval.hardware.trace.TraceEvent.StepEnd;
import java.util.List;

/**
 * A real decode run of one sequence, from its empty cache on.
 *
 * @param events in order; the warm-up's steps come first
 */
public record Trace(TraceHeader header, List<TraceEvent> events) {
    public Trace {
        events = List.copyOf(events);
    }

    /** The ends of the measured steps. */
    public List<StepEnd> measured() {
        return events.stream()
                .filter(StepEnd.class::isInstance)
                .map(StepEnd.class::cast)
                .skip(header.warmUp())
                .toList();
    }

    /** What the real cache counted in the measured steps. */
    public TraceEvent.Counters counters() {
        return measured().stream().map(StepEnd::counters).reduce(TraceEvent.Counters.NONE, TraceEvent.Counters::plus);
    }
}
