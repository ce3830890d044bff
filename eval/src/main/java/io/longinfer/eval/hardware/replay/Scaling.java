package io.longinfer.eval.hardware.replay;

import io.longinfer.kernels.device.DecoderShape;
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
 *   <li>The share of the abstracts that a search scores, and reads from disk, stays.
 * </ul>
 *
 * @param from the traced shape
 * @param fromChunks chunks of a head's context when it was traced
 * @param to the shape to get
 * @param toChunks chunks of a head's context to get
 * @param firstLayers layers with a ratio of their own
 */
public record Scaling(DecoderShape from, int fromChunks, DecoderShape to, int toChunks, int firstLayers) {
    /** The loads of a step, {@code [layers]} of the traced shape, as those of the other. */
    public List<LayerLoad> of(List<LayerLoad> step) {
        List<LayerLoad> scaled = new ArrayList<>();
        for (int layer = 0; layer < to.layers(); layer++) {
            scaled.add(of(step.get(source(layer))));
        }
        return List.copyOf(scaled);
    }

    /** The traced layer that a layer behaves like. */
    public int source(int layer) {
        int first = Math.min(firstLayers, Math.min(from.layers(), to.layers()) - 1);
        if (layer < first) {
            return layer;
        }
        double depth = (layer - first + 0.5) / (to.layers() - first);
        return first + (int) (depth * (from.layers() - first));
    }

    private LayerLoad of(LayerLoad load) {
        double heads = (double) to.kvHeads() / from.kvHeads();
        double context = (double) toChunks / fromChunks;
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
                load.abstractReadBytes() * bytes,
                load.guessed());
    }
}
