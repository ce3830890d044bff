package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.chunk.LayerChunks;
import io.longinfer.kvcache.selection.FullSelector;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.selection.Selector;
import io.longinfer.kvcache.selection.TopKSelector;
import io.longinfer.kvcache.tier.LayerTiers;
import io.longinfer.kvcache.tier.Migration;
import io.longinfer.kvcache.tier.TierCounters;
import io.longinfer.kvcache.tier.TieredAttention;
import java.util.Optional;

/**
 * The closed chunks of one sequence over device, host and disk. Per block of tokens and layer, {@code segment} being the
 * sequence's part of the block:
 *
 * <pre>
 * session.project(layer)
 * cache.prepare(layer, session, segment)               selects, and starts the reads
 * cache.attendPast(layer, session, segment)            one token: selected chunks; more: all, exactly
 * session.finish(layer)
 * cache.append(layer, session.closedChunks(segment))   also learns what mattered
 * </pre>
 *
 * <p>Where a session has several sequences, each with a cache of its own, all are prepared before the first attends, so that
 * the reads of one overlap with the attention of another.
 *
 * <p>Budgets are obeyed as {@link KvPlan} says. Device, workers and kernels are the caller's and must outlive the cache. Used
 * by one thread. What fails in the background is thrown at the next call. Double close is harmless, use after close throws.
 */
public final class KvCache implements AutoCloseable {
    private static final int NO_LAYER = -1;

    private final DecoderShape shape;
    private final KvPlan plan;
    private final CacheMemory memory;
    private final Selector selector;
    private final Selection selection;
    private final TieredAttention attention;
    private final Migration migration;
    private final TierCounters counters;
    private final WorkerPool workers;
    private final WorkerPool.Task selectTask = this::select;

    // The layer between attendPast and append, if it was a decoding step that can teach where chunks should lie.
    private int measuredLayer = NO_LAYER;
    private Optional<DeviceSession> measuredSession = Optional.empty();
    private int measuredSegment;

    // The job of selectTask.
    private int selectedLayer;
    private int selectedChunks;
    private boolean closed;

    /**
     * Reserves everything that the plan asks for.
     *
     * @param contextTokens most tokens of the sequence
     * @throws KvPlanException if that does not fit the budgets
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier is needed and cannot be set up
     */
    public KvCache(
            DecoderShape shape,
            int contextTokens,
            KvConfig config,
            Device device,
            WorkerPool workers,
            AbstractKernels kernels) {
        this.shape = shape;
        this.workers = workers;
        plan = KvPlan.of(shape, contextTokens, config);
        counters = new TierCounters(shape.layers());
        memory = new CacheMemory(plan, config, device, workers, kernels);
        int chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
        selector = selector(shape, plan, config);
        selection = new Selection(shape.kvHeads(), plan.chunksPerHead());
        attention = new TieredAttention(
                shape.kvHeads(),
                plan.chunksPerHead(),
                chunkBytes,
                memory.host(),
                memory.disk(),
                workers,
                counters,
                memory.layer(0));
        migration = new Migration(
                memory.host(), memory.disk().isPresent(), counters, chunkBytes, shape.kvHeads() * plan.chunksPerHead());
    }

    private static Selector selector(DecoderShape shape, KvPlan plan, KvConfig config) {
        return switch (config.selector()) {
            case FULL -> new FullSelector();
            case TOPK ->
                new TopKSelector(
                        config.selection(), config.groupRule(), shape.kvHeads(), shape.group(), plan.chunksPerHead());
        };
    }

    /** What lies where. */
    public KvPlan plan() {
        return plan;
    }

    /** Closed chunks of each KV head of a layer. */
    public int chunks(int layer) {
        return memory.layer(layer).chunks().closed();
    }

    /**
     * Selects what {@link #attendPast} will attend of {@code layer} and starts the reads for it, after
     * {@link DeviceSession#project}.
     *
     * @param segment this sequence's segment of the session's block
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier failed, now or in the background
     */
    @SuppressWarnings("UnusedVariable") // the two-phase form: reads start here once the pipeline is there
    public void prepare(int layer, DeviceSession session, int segment) {
        checkUse(layer);
    }

    /**
     * Attends the closed chunks of {@code layer}, between {@link DeviceSession#project} and {@link DeviceSession#finish}: all of
     * them for a segment of several tokens, the selected ones for one token.
     *
     * @param segment this sequence's segment of the session's block
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier failed, now or in the background
     */
    public void attendPast(int layer, DeviceSession session, int segment) {
        checkUse(layer);
        forgetMeasure();
        LayerTiers tiers = memory.layer(layer);
        LayerChunks chunks = tiers.chunks();
        boolean decoding = session.rows(segment) == 1;
        boolean measure = decoding && plan.mode() != KvPlan.Mode.DEVICE;
        session.recordMass(measure);
        if (chunks.closed() == 0) {
            return;
        }
        select(layer, chunks.closed(), decoding, session, segment);
        attention.attend(tiers, selection, session, segment);
        if (measure) {
            measuredLayer = layer;
            measuredSegment = segment;
            if (measuredSession.isEmpty() || !measuredSession.get().equals(session)) {
                measuredSession = Optional.of(session);
            }
        }
    }

    private void select(int layer, int count, boolean decoding, DeviceSession session, int segment) {
        if (!decoding || !selector.chooses(layer, count)) {
            for (int head = 0; head < shape.kvHeads(); head++) {
                selection.all(head, count);
            }
        } else {
            int queries = session.firstRow(segment) * shape.queryWidth();
            counters.abstractBytes[layer] += memory.abstracts().upperBounds(layer, count, session.queries(), queries);
            selectedLayer = layer;
            selectedChunks = count;
            workers.forEach(shape.kvHeads(), selectTask);
        }
        if (decoding) {
            counters.selected[layer] += selection.total();
            counters.candidates[layer] += (long) shape.kvHeads() * count;
        }
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void select(int head, int worker) {
        int stride = memory.abstracts().stride();
        selector.select(
                selectedLayer,
                head,
                selectedChunks,
                memory.abstracts().bounds(),
                head * shape.group() * stride,
                stride,
                selection);
    }

    /**
     * Takes the chunks that the block closed in {@code layer}, after {@link DeviceSession#finish}; possibly none. Their memory
     * is copied before this returns.
     *
     * @throws IllegalStateException if they do not continue the sequence or go beyond the context
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier failed, now or in the background
     */
    public void append(int layer, ClosedChunks chunks) {
        checkUse(layer);
        LayerTiers tiers = memory.layer(layer);
        if (measuredLayer == layer) {
            migration.admit(tiers, attention, measuredSession.orElseThrow(), measuredSegment);
        }
        forgetMeasure();
        if (chunks.count() == 0) {
            return;
        }
        int closedBefore = tiers.chunks().closed();
        if (chunks.first() != closedBefore) {
            throw new IllegalStateException("layer " + layer + " has " + closedBefore
                    + " closed chunks, but the next ones begin at chunk " + chunks.first());
        }
        if (closedBefore + chunks.count() > plan.chunksPerHead()) {
            throw new IllegalStateException("the context of " + plan.contextTokens() + " tokens is full: chunk "
                    + (closedBefore + chunks.count() - 1) + " lies beyond it; raise --context");
        }
        memory.write(layer, chunks);
        tiers.chunks().close(chunks.count());
        migration.append(tiers, chunks);
    }

    private void forgetMeasure() {
        measuredLayer = NO_LAYER;
    }

    private void checkUse(int layer) {
        if (closed) {
            throw new IllegalStateException("the KV cache is closed");
        }
        if (layer < 0 || layer >= shape.layers()) {
            throw new IllegalArgumentException("layer " + layer + " of " + shape.layers());
        }
        if (memory.disk().isPresent()) {
            memory.disk().get().check();
        }
    }

    /** Counters and bytes as they are now. */
    public KvMetrics metrics() {
        return MetricsReport.of(plan, memory, counters);
    }

    /** Starts the counters and peaks anew. */
    public void resetMetrics() {
        counters.reset();
        memory.disk().ifPresent(store -> store.counters().reset());
        for (Tier tier : Tier.values()) {
            memory.budget(tier).resetPeak();
        }
    }

    /** Forgets the sequence; all memory stays reserved. */
    public void reset() {
        checkUse(0);
        forgetMeasure();
        memory.reset();
    }

    @Override
    public void close() {
        closed = true;
        memory.close();
    }
}
