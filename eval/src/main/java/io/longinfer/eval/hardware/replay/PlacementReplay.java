package io.longinfer.eval.hardware.replay;

import io.longinfer.eval.hardware.trace.Trace;
import io.longinfer.eval.hardware.trace.TraceEvent;
import io.longinfer.eval.hardware.trace.TraceEvent.Closed;
import io.longinfer.eval.hardware.trace.TraceEvent.Guessed;
import io.longinfer.eval.hardware.trace.TraceEvent.Search;
import io.longinfer.eval.hardware.trace.TraceEvent.Selected;
import io.longinfer.eval.hardware.trace.TraceEvent.StepEnd;
import io.longinfer.eval.hardware.trace.TraceEvent.Weighed;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.selection.Selection;
import java.util.ArrayList;
import java.util.List;

/**
 * A trace through the real classes of placement (chunk table, residency, victims) with capacities of choice: who makes room for whom
 * is decided by them, no bytes are moved. What the pipeline does between (units, chunks read ahead) follows its rules.
 */
public final class PlacementReplay {
    private PlacementReplay() {}

    /**
     * The loads of the measured steps.
     *
     * @param config of the trace's variant
     * @return {@code [steps][layers]}
     */
    public static List<List<LayerLoad>> of(Trace trace, KvConfig config, Capacities capacities) {
        List<List<LayerLoad>> steps = new ArrayList<>();
        List<LayerLoad> step = new ArrayList<>();
        try (ReplayedCache cache = new ReplayedCache(trace.header(), config, capacities)) {
            for (TraceEvent event : trace.events()) {
                switch (event) {
                    case Closed closed -> cache.close(closed.layer(), closed.count());
                    case Guessed guessed -> cache.guess(guessed.layer(), selection(guessed.chunks(), cache));
                    case Selected selected -> {
                        Selection chunks = selection(selected.chunks(), cache);
                        if (selected.decoding()) {
                            step.add(cache.select(selected.layer(), chunks, selected.tokens()));
                        } else {
                            cache.observe(selected.layer(), chunks);
                        }
                    }
                    case Weighed weighed -> cache.finish(weighed.permille(), step);
                    case StepEnd end -> {
                        steps.add(searched(step, end.layers()));
                        step = new ArrayList<>();
                    }
                }
            }
        }
        return List.copyOf(steps.subList(trace.header().warmUp(), steps.size()));
    }

    private static Selection selection(int[][] lists, ReplayedCache cache) {
        Selection selection = new Selection(lists.length, cache.chunksPerHead());
        for (int head = 0; head < lists.length; head++) {
            for (int chunk : lists[head]) {
                selection.add(head, chunk);
            }
        }
        return selection;
    }

    private static List<LayerLoad> searched(List<LayerLoad> step, List<Search> searches) {
        List<LayerLoad> loads = new ArrayList<>();
        for (int layer = 0; layer < step.size(); layer++) {
            Search search = searches.get(layer);
            loads.add(step.get(layer).withSearch(search.scoredBytes(), search.readBytes()));
        }
        return List.copyOf(loads);
    }
}
