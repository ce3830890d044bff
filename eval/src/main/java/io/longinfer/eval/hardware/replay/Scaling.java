package io.longinfer.eval.hardware.replay;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.Placement;
import java.util.ArrayList;
import java.util.List;

/**
 * Loads of one shape and context as those of another. What is assumed:
 *
 * <ul>
 *   <li>A layer behaves like the traced one at the same relative depth; the first layers, which have a ratio of their own, like the
 *       same ones. KV heads behave like the traced ones on average.
 *   <li>The share of the chunks that is selected beyond the pinned ones stays, as ratios say it does: their number grows with the
 *       context. The number of pinned chunks (sinks, recent) of a head stays.
 *   <li>Of what is selected beyond the pinned, the shares that lie on device and host, that are read ahead, and that are wasted are
 *       those of the replay at the same shares of capacity. So is the number of records a read has.
 *   <li>The share of the abstracts that a search scores stays. Of those, the share that is read from disk goes with the share of the
 *       abstracts that memory has no room for; where the trace had room for all, it is that share.
 * </ul>
 *
 * @param traced the plan of the traced run
 * @param target the plan of the run to get
 * @param firstLayers layers with a ratio of their own
 */
public record Scaling(KvPlan traced, KvPlan target, int firstLayers) {
    /** The loads of a step, {@code [layers]} of the traced shape, as those of the other. */
    public List<LayerLoad> of(List<LayerLoad> step) {
        List<LayerLoad> scaled = new ArrayList<>();
        for (int layer = 0; layer < target.shape().layers(); layer++) {
            scaled.add(of(step.get(source(layer)), source(layer), layer));
        }
        return List.copyOf(scaled);
    }

    /** The traced layer that a layer behaves like. */
    public int source(int layer) {
        int from = traced.shape().layers();
        int to = target.shape().layers();
        int first = Math.min(firstLayers, Math.min(from, to) - 1);
        if (layer < first) {
            return layer;
        }
        double depth = (layer - first + 0.5) / (to - first);
        return first + (int) (depth * (from - first));
    }

    private LayerLoad of(LayerLoad load, int source, int layer) {
        DecoderShape from = traced.shape();
        DecoderShape to = target.shape();
        double heads = (double) to.kvHeads() / from.kvHeads();
        double context = (double) target.chunksPerHead() / traced.chunksPerHead();
        double closed = load.closed() * heads * context;
        double pinned = load.pinned() * heads;
        double chosen = load.selected() - load.pinned();
        boolean everything = load.selected() >= load.closed();
        // Of everything, what is not pinned grows a little faster than the context.
        double factor = everything && chosen > 0 ? (closed - pinned) / chosen : heads * context;
        double tokens = load.selected() == 0 ? 0 : load.tokens() / load.selected();
        double selected = pinned + chosen * factor;
        double bytes = heads * context * to.headDim() / from.headDim();
        return new LayerLoad(
                closed,
                pinned,
                pinned + (load.deviceHits() - load.pinned()) * factor,
                tokens * selected,
                load.demand().times(factor),
                load.ahead().times(factor),
                load.wasted().times(factor),
                load.kept() * factor,
                load.scoredBytes() * bytes,
                bytes * load.scoredBytes() * readShare(load, source, layer),
                load.guessed());
    }

    /** Of the abstracts scored, the share that is read from disk. */
    private double readShare(LayerLoad load, int source, int layer) {
        double before = absentShare(traced, source);
        double after = absentShare(target, layer);
        if (load.scoredBytes() == 0 || after == 0) {
            return 0;
        }
        double read = load.abstractReadBytes() / load.scoredBytes();
        return before == after ? read : Math.min(1, before == 0 ? after : read * after / before);
    }

    /** The share of a layer's abstracts that memory has no room for. */
    private static double absentShare(KvPlan plan, int layer) {
        KvPlan.LayerPlan abstracts = plan.layers().get(layer);
        int all = AbstractStore.allLeafSlots(plan.shape(), plan.chunksPerHead());
        return abstracts.abstracts() == Placement.DISK && all > 0 ? 1 - (double) abstracts.leafSlots() / all : 0;
    }
}
