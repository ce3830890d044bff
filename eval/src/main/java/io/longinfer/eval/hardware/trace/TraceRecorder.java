package io.longinfer.eval.hardware.trace;

import io.longinfer.eval.hardware.trace.TraceEvent.Closed;
import io.longinfer.eval.hardware.trace.TraceEvent.Counters;
import io.longinfer.eval.hardware.trace.TraceEvent.Guessed;
import io.longinfer.eval.hardware.trace.TraceEvent.Search;
import io.longinfer.eval.hardware.trace.TraceEvent.Selected;
import io.longinfer.eval.hardware.trace.TraceEvent.StepEnd;
import io.longinfer.eval.hardware.trace.TraceEvent.Weighed;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.StepListener;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.tier.Link;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Records the events of one cache. Used by the cache's thread. */
final class TraceRecorder implements StepListener {
    private final List<TraceEvent> events = new ArrayList<>();
    private final int[] closed;
    private final int kvHeads;

    // The layer at hand: what it attends, whether that is recorded, and what was weighed of it so far.
    private Selected current;
    private boolean recorded;
    private int[][] permille;
    private int[] weighed;

    // The counts at the end of the step before.
    private List<Search> searchesBefore = List.of();
    private Counters countersBefore = Counters.NONE;

    TraceRecorder(DecoderShape shape) {
        closed = new int[shape.layers()];
        kvHeads = shape.kvHeads();
        current = new Selected(0, false, 0, new int[kvHeads][0]);
        permille = new int[kvHeads][0];
        weighed = new int[kvHeads];
    }

    @Override
    public void selected(int layer, Selection selection, boolean decoding) {
        flush();
        current = new Selected(layer, decoding, selection.tokens(), lists(selection));
        permille = new int[kvHeads][];
        Arrays.setAll(permille, head -> new int[selection.size(head)]);
        Arrays.fill(weighed, 0);
        recorded = decoding;
        if (decoding) {
            events.add(current);
        }
    }

    @Override
    public void guessed(int layer, Selection guess, boolean decoding) {
        if (decoding) {
            events.add(new Guessed(layer, lists(guess)));
        }
    }

    @Override
    public void weighed(int layer, int kvHead, int chunk, float mass) {
        if (!recorded) {
            events.add(current);
            recorded = true;
        }
        permille[kvHead][weighed[kvHead]++] = Math.min(1000, Math.round(mass * closed[layer] * 1000));
    }

    @Override
    public void closed(int layer, int count) {
        flush();
        closed[layer] += count;
        events.add(new Closed(layer, count));
    }

    private void flush() {
        if (recorded) {
            events.add(new Weighed(current.layer(), permille));
            recorded = false;
        }
    }

    private int[][] lists(Selection selection) {
        int[][] lists = new int[kvHeads][];
        for (int head = 0; head < kvHeads; head++) {
            lists[head] = new int[selection.size(head)];
            for (int i = 0; i < lists[head].length; i++) {
                lists[head][i] = selection.chunk(head, i);
            }
        }
        return lists;
    }

    /** Starts to count: what was counted up to now belongs to the prompt. */
    void promptEnded(KvMetrics metrics) {
        flush();
        searchesBefore = searches(metrics);
        countersBefore = counters(metrics);
    }

    /** Ends a decoding step. */
    void stepEnded(long nanos, KvMetrics metrics) {
        flush();
        List<Search> searches = searches(metrics);
        Counters counters = counters(metrics);
        List<Search> layers = new ArrayList<>();
        for (int layer = 0; layer < searches.size(); layer++) {
            Search now = searches.get(layer);
            Search before = searchesBefore.get(layer);
            layers.add(new Search(
                    now.scored() - before.scored(),
                    now.leaves() - before.leaves(),
                    now.scoredBytes() - before.scoredBytes(),
                    now.readBytes() - before.readBytes(),
                    now.ratio()));
        }
        events.add(new StepEnd(nanos, layers, counters.minus(countersBefore)));
        searchesBefore = searches;
        countersBefore = counters;
    }

    private static List<Search> searches(KvMetrics metrics) {
        List<Search> searches = new ArrayList<>();
        for (LayerMetrics layer : metrics.layers()) {
            searches.add(new Search(
                    layer.nodesScored(),
                    layer.leaves(),
                    layer.abstractBytes(),
                    layer.abstractReadBytes(),
                    layer.ratio()));
        }
        return searches;
    }

    private static Counters counters(KvMetrics metrics) {
        return new Counters(
                metrics.tier(Tier.DEVICE).hits(),
                metrics.tier(Tier.DEVICE).misses(),
                metrics.tier(Tier.HOST).hits(),
                metrics.tier(Tier.HOST).misses(),
                metrics.link(Link.DISK_TO_HOST).bytes(),
                metrics.link(Link.DISK_TO_HOST).operations(),
                metrics.link(Link.HOST_TO_DEVICE).bytes(),
                metrics.pipeline().aheadUsed(),
                metrics.pipeline().aheadWasted(),
                metrics.pipeline().missed(),
                metrics.pipeline().stallNanos());
    }

    List<TraceEvent> events() {
        return events;
    }
}
