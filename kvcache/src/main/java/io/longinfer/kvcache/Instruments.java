package io.longinfer.kvcache;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvMetrics.LayerHeat;
import io.longinfer.kvcache.probe.AttentionProbe;
import io.longinfer.kvcache.probe.HeatMap;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.kvcache.selection.TrueMasses;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What is measured of a cache's decoding steps: where they selected, and if asked for, how much attention lay there. */
final class Instruments implements TrueMasses, AutoCloseable {
    private final DecoderShape shape;
    private final HeatMap heat;
    private final Optional<AttentionProbe> probe;

    /** Position of the token at hand, and of the one behind it. */
    private int position;

    private int next;

    Instruments(KvPlan plan, KvConfig config, CpuKernels kernels, WorkerPool workers) {
        shape = plan.shape();
        heat = new HeatMap(shape.layers());
        probe = config.recall() || config.selector() == SelectorKind.ORACLE
                ? Optional.of(new AttentionProbe(shape, plan.chunksPerHead(), kernels, workers))
                : Optional.empty();
    }

    /** Follows the sequence: a block of {@code rows} tokens enters a layer. */
    void enter(int layer, int rows, int closed) {
        if (layer == 0) {
            // What was adopted came as chunks alone.
            position = Math.max(next, closed * ChunkLayout.TOKENS);
            next = position + rows;
        }
    }

    /** Notes what a decoding step selected in a layer. */
    void selected(int layer, int closed, Selection selection) {
        heat.add(layer, closed, selection);
    }

    /** Measures what the selection found, while what it needs is on its way. */
    void measure(int layer, DeviceSession session, int segment, Selection selection) {
        if (probe.isPresent()) {
            weigh(layer, session.queries(), session.firstRow(segment) * shape.queryWidth());
            probe.get().record(selection);
        }
    }

    @Override
    public void weigh(int layer, float[] queries, int queryOffset) {
        probe.orElseThrow().weigh(layer, position, queries, queryOffset);
    }

    @Override
    public float mass(int kvHead, int chunk) {
        return probe.orElseThrow().mass(kvHead, chunk);
    }

    /** Takes chunks that were closed. */
    void append(int layer, ClosedChunks chunks) {
        probe.ifPresent(p -> p.append(layer, chunks));
    }

    double recall(int layer) {
        return probe.map(p -> p.meanRecall(layer)).orElse(Double.NaN);
    }

    long recallSteps(int layer) {
        return probe.map(p -> p.steps(layer)).orElse(0L);
    }

    long sizeBytes() {
        return probe.map(AttentionProbe::sizeBytes).orElse(0L);
    }

    List<LayerHeat> heat() {
        List<LayerHeat> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            layers.add(new LayerHeat(list(heat.selected(layer)), list(heat.candidates(layer))));
        }
        return layers;
    }

    private static List<Long> list(long[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    void resetCounts() {
        heat.reset();
        probe.ifPresent(AttentionProbe::resetCounts);
    }

    void reset() {
        position = 0;
        next = 0;
        probe.ifPresent(AttentionProbe::reset);
    }

    @Override
    public void close() {
        probe.ifPresent(AttentionProbe::close);
    }
}
