package io.longinfer.eval.hardware.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.hardware.Traces;
import io.longinfer.eval.hardware.Traces.Traced;
import io.longinfer.eval.hardware.trace.TraceEvent.Counters;
import io.longinfer.kvcache.KvPlan;
import java.io.IOException;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** What placement does in a replay against what the real cache counted. */
class PlacementReplayTest {
    @Test
    void aReplayWithTheRunsCapacitiesCountsWhatTheRunCounted() throws IOException {
        for (Traced traced : Traces.of(
                Variant.FULL, Variant.QUEST, Variant.OURS, Variant.H2O, Variant.INFINIGEN, Variant.NO_READ_AHEAD)) {
            String variant = traced.trace().header().variant();
            KvPlan plan = KvPlan.of(
                    traced.trace().header().shape(), traced.trace().header().contextTokens(), traced.configuration());
            Capacities capacities = Capacities.of(plan, traced.configuration(), false, 0);
            List<List<LayerLoad>> steps = PlacementReplay.of(traced.trace(), traced.configuration(), capacities);
            Counters real = traced.trace().counters();
            assertEquals(6, steps.size());
            assertEquals(real.deviceHits(), Math.round(sum(steps, LayerLoad::deviceHits)), variant);
            assertEquals(real.hostHits(), Math.round(sum(steps, LayerLoad::hostHits)), variant);
            assertEquals(real.hostMisses(), Math.round(sum(steps, LayerLoad::diskReads)), variant);
            // Guesses hold slots for as long as their reads take, which depends on time.
            RecordGeometry records = capacities.records();
            near(real.aheadUsed(), sum(steps, load -> load.ahead().chunks()), 0.1, variant + ", used ahead");
            near(real.diskBytes(), sum(steps, load -> bytes(load, records)), 0.05, variant + ", bytes");
            near(real.diskOperations(), sum(steps, load -> operations(load, records)), 0.15, variant + ", operations");
        }
    }

    private static Moves all(LayerLoad load) {
        return load.demand().plus(load.ahead()).plus(load.wasted());
    }

    private static double bytes(LayerLoad load, RecordGeometry records) {
        return all(load).diskBytes(records) + load.abstractReadBytes();
    }

    private static double operations(LayerLoad load, RecordGeometry records) {
        return all(load).operations() + records.groups(load.abstractReadBytes());
    }

    private static void near(long expected, double found, double share, String what) {
        assertEquals((double) expected, found, share * expected, what);
    }

    private static double sum(List<List<LayerLoad>> steps, ToDoubleFunction<LayerLoad> of) {
        return steps.stream().flatMap(List::stream).mapToDouble(of).sum();
    }
}
