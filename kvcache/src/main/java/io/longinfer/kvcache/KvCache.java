package io.longinfer.kvcache;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.KvPoolSource;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.codec.ChunkCodec;
import io.longinfer.kvcache.codec.ChunkRounding;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.pipeline.ChunkPipeline;
import io.longinfer.kvcache.pipeline.CodecPolicy;
import io.longinfer.kvcache.pipeline.ReadAheadGate;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.pipeline.Staging;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.selection.Selector;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.kvcache.selection.TokenMasses;
import io.longinfer.kvcache.selection.TreeSelector;
import io.longinfer.kvcache.tier.ChunkTable;
import io.longinfer.kvcache.tier.TierCounters;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The closed chunks of one sequence over device, host and disk. Per block of tokens and layer, {@code segment} being the
 * sequence's part of the block:
 *
 * <pre>
 * session.project(layer)
 * cache.prepare(layer, session, segment)               selects, and starts the reads
 * cache.readAhead(layer + 1, queries, offset)          if wanted: guesses, and reads behind those
 * cache.attendPast(layer, session, segment)            one token: selected chunks; more: all, exactly
 * session.finish(layer)
 * cache.append(layer, session.closedChunks(segment))   also learns what mattered
 * </pre>
 *
 * <p>Where a session has several sequences, each with a cache of its own, all are prepared before the first attends, so that
 * the reads of one overlap with the attention of another.
 *
 * <p>Budgets are obeyed as {@link KvPlan} says. Used by one thread. What fails in the background is thrown at the next call.
 * Double close is harmless, use after close throws.
 */
public final class KvCache implements AutoCloseable {
    private final DecoderShape shape;
    private final KvConfig config;
    private final KvPlan plan;
    private final SharedLinks links;
    private final ReadAheadGate gate;
    private final CacheMemory memory;
    private final ChunkRounding rounding;
    private final ChunkTable chunks;
    private final Selector selector;
    private Selection selection;
    private Selection guess;
    private final ChunkPipeline pipeline;
    private final TierCounters counters;

    private final PromptObservation observation;
    private final Instruments instruments;
    private final PromptLearning learning;
    private final StepLearning step;

    // The layer between prepare and append.
    private boolean dense;
    private int guessedLayer;
    private boolean closed;

    private StepListener listener = StepListener.NONE;

    /**
     * Reserves everything that the plan asks for.
     *
     * @param links what it shares with other caches, open until it is closed
     * @param gate which decoding steps read ahead
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier is needed and cannot be set up
     */
    KvCache(
            KvPlan plan,
            KvConfig config,
            KvPoolSource pools,
            WorkerPool workers,
            CpuKernels kernels,
            SharedLinks links,
            ReadAheadGate gate) {
        this.plan = plan;
        this.gate = gate;
        this.config = config;
        this.links = links;
        shape = plan.shape();
        counters = new TierCounters(shape.layers());
        ChunkLayout layout = new ChunkLayout(shape.headDim());
        ChunkCodec codec = new ChunkCodec(layout, config.codec(), kernels.quantization());
        rounding = new ChunkRounding(layout, config.kvPrecision(), kernels.quantization());
        memory =
                new CacheMemory(plan, config, pools, codec, kernels.abstracts(), workers, links.diskOf(plan), counters);
        chunks = memory.chunks();
        instruments = new Instruments(plan, config, kernels, workers);
        observation = new PromptObservation(chunks);
        learning = new PromptLearning(plan, config, memory, workers);
        Optional<TokenMasses> tokenMasses = config.selector().learnsTokens() || config.tokenStatistics()
                ? Optional.of(new TokenMasses(shape.layers(), shape.kvHeads(), plan.chunksPerHead()))
                : Optional.empty();
        selector = Selectors.of(plan, config, memory, instruments, tokenMasses, kernels, workers);
        selection = new Selection(shape.kvHeads(), plan.chunksPerHead());
        guess = new Selection(shape.kvHeads(), plan.chunksPerHead());
        CodecPolicy policy = new CodecPolicy(config.codec().precision() == Precision.INT8, (float)
                config.codecChoice().coarseMass());
        Staging staging = new Staging(
                chunks,
                memory.residency(),
                codec,
                memory.disk(),
                workers,
                policy,
                links.link(),
                plan.passingSlots(),
                plan.hostPassingSlots() > 0,
                counters);
        boolean readAhead = config.readAhead() != ReadAheadMode.NEVER
                && (memory.disk().isPresent() || links.link().limited());
        pipeline = new ChunkPipeline(chunks, memory.residency(), staging, plan.unitChunks(), readAhead, counters);
        Optional<TokenLearning> tokens = tokenMasses.map(
                sums -> new TokenLearning(plan, memory.residency().pool(), sums, kernels, workers));
        step = new StepLearning(plan, config, chunks, selector, observation, tokens, pipeline);
    }

    /** What lies where. */
    public KvPlan plan() {
        return plan;
    }

    /** Closed chunks of each KV head of a layer. */
    public int chunks(int layer) {
        return chunks.closed(layer);
    }

    /**
     * How many last tokens of a prompt should come one by one, with {@link #observe} on: they attend everything, and show where
     * attention goes.
     */
    public int tokensToObserve() {
        return config.selector() == SelectorKind.ADAPTIVE
                        && config.adaptivePartition()
                        && config.selection().ratio() < 1
                ? PromptObservation.TOKENS
                : learning.tokens();
    }

    /**
     * Starts or ends the observation of a prompt's last tokens. At its end the selector learns how attention is spread.
     */
    public void observe(boolean on) {
        checkOpen();
        if (on) {
            observation.start();
            learning.start();
        } else {
            observation.teach(selector);
            learning.end();
        }
    }

    /**
     * Selects what {@link #attendPast} will attend of {@code layer} and starts the reads for it, after
     * {@link DeviceSession#project}.
     *
     * @param segment this sequence's segment of the session's block
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier failed, now or in the background
     */
    public void prepare(int layer, DeviceSession session, int segment) {
        checkUse(layer);
        int count = chunks.closed(layer);
        instruments.enter(layer, session.rows(segment), count);
        boolean single = session.rows(segment) == 1;
        dense = !single || observation.on();
        step.enter(layer, single, dense);
        if (dense && !step.statisticsEnded()) {
            learning.queries(layer, session, segment);
        }
        if (!selects(layer)) {
            all(selection, layer);
        } else if (selector.speculates()) {
            takeGuess(layer);
        } else {
            selector.select(layer, count, session.queries(), session.firstRow(segment) * shape.queryWidth(), selection);
        }
        if (!dense) {
            counters.selected[layer] += selection.total();
            counters.selectedTokens[layer] += selection.tokens();
            counters.candidates[layer] += (long) shape.kvHeads() * count;
            instruments.selected(layer, count, selection);
        }
        boolean decoding = !dense && plan.mode() != KvPlan.Mode.DEVICE;
        listener.selected(layer, selection, decoding);
        pipeline.prepare(layer, selection, decoding);
        if (!dense) {
            memory.abstracts().readAhead((layer + 1) % shape.layers()); // behind the chunks that are wanted now
            instruments.measure(layer, session, segment, selection);
        }
    }

    private void takeGuess(int layer) {
        if (guessedLayer != layer) {
            throw new IllegalStateException("layer " + layer + " attends what was guessed, but nothing was");
        }
        Selection attended = selection;
        selection = guess;
        guess = attended;
        guessedLayer = 0;
    }

    /** Whether the step at hand chooses among the chunks of a layer. A layer whose window has moved on attends all of it. */
    private boolean selects(int layer) {
        return !dense && firstVisible(layer) == 0 && selector.chooses(layer, chunks.closed(layer));
    }

    /** The first chunk that the next token of a layer sees: what lies before its window is of no use to anyone. */
    private int firstVisible(int layer) {
        return shape.firstVisible(layer, chunks.closed(layer) * ChunkLayout.TOKENS) / ChunkLayout.TOKENS;
    }

    private void all(Selection target, int layer) {
        for (int head = 0; head < shape.kvHeads(); head++) {
            target.range(head, firstVisible(layer), chunks.closed(layer));
        }
    }

    /** Whether {@link #readAhead} of {@code layer} needs queries in the step at hand. */
    public boolean needsQueriesToReadAhead(int layer) {
        return selector.asksQueries() && guesses(layer);
    }

    private boolean guesses(int layer) {
        return (readsAhead() || selector.speculates()) && selects(layer);
    }

    private boolean readsAhead() {
        return pipeline.readsAhead() && (dense || gate.open());
    }

    /**
     * Guesses what {@code layer} will select and starts the reads for it, between {@link #prepare} and {@link #attendPast} of the
     * layer before. Changes no result, unless the selector attends what it guesses.
     *
     * @param queries {@code [heads][headDim]} from {@code offset}, see {@link DeviceSession#predictQueries}; not looked at unless
     *     {@link #needsQueriesToReadAhead}
     */
    public void readAhead(int layer, float[] queries, int offset) {
        checkUse(layer);
        int count = chunks.closed(layer);
        if (guesses(layer)) {
            selector.guess(layer, count, queries, offset, guess);
            guessedLayer = layer;
        } else if (readsAhead()) {
            all(guess, layer);
        }
        if (readsAhead()) {
            listener.guessed(layer, guess, !dense);
            pipeline.readAhead(layer, guess, !dense);
        }
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
        step.attend(session, segment);
        pipeline.attend(session, segment, learning.visitor(layer));
    }

    /**
     * Takes the chunks that the block closed in {@code layer}, after {@link DeviceSession#finish}; possibly none. Their memory
     * is copied before this returns.
     *
     * @throws IllegalStateException if they do not continue the sequence or go beyond the context
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier failed, now or in the background
     */
    public void append(int layer, ClosedChunks closedChunks) {
        checkUse(layer);
        int closedBefore = chunks.closed(layer);
        boolean measured = step.finish(layer, selection, closedChunks);
        if (measured && layer == shape.layers() - 1) {
            observation.endToken();
            memory.residency().endStep();
        }
        if (closedChunks.count() > 0) {
            take(layer, closedBefore, closedChunks);
        }
    }

    private void take(int layer, int closedBefore, ClosedChunks closedChunks) {
        if (closedChunks.first() != closedBefore) {
            throw new IllegalStateException("layer " + layer + " has " + closedBefore
                    + " closed chunks, but the next ones begin at chunk " + closedChunks.first());
        }
        if (closedBefore + closedChunks.count() > plan.chunksPerHead()) {
            throw new IllegalStateException("the context of " + plan.contextTokens() + " tokens is full: chunk "
                    + (closedBefore + closedChunks.count() - 1) + " lies beyond it; raise --context");
        }
        ClosedChunks rounded = rounding.round(closedChunks, shape.kvHeads());
        ClosedChunks source = rounding.recordSource(config.codec(), closedChunks, rounded);
        memory.write(layer, rounded, source);
        chunks.close(layer, rounded.count());
        instruments.append(layer, rounded);
        memory.residency().append(layer, rounded, source);
        listener.closed(layer, rounded.count());
    }

    /**
     * Copies closed chunks of a cache that keeps everything on the device.
     *
     * @param target receives {@code [kvHeads][count]} chunks
     * @return the chunks, in {@code target}
     * @throws IllegalStateException if this cache has a host or disk tier in use
     */
    public ClosedChunks copy(int layer, int first, int count, MemorySegment target) {
        checkUse(layer);
        if (plan.mode() != KvPlan.Mode.DEVICE) {
            throw new IllegalStateException(
                    "chunks are copied from a cache that lies on the device, this one is in mode " + plan.mode());
        }
        return memory.copy(layer, first, count, target);
    }

    /**
     * Takes over what a cache has learned of the prompt whose chunks this one adopts, where its selector needs that.
     *
     * @throws IllegalStateException if it does, and the source was not configured to know
     */
    public void adoptStatistics(KvCache source) {
        checkOpen();
        learning.adopt(source.learning);
        step.adopt(source.step);
    }

    /**
     * Ends what {@link #adoptStatistics} takes over from here: a cache that adopts the chunks closed so far reads on by itself.
     */
    public void endStatistics() {
        checkOpen();
        step.endStatistics();
    }

    private void checkUse(int layer) {
        checkOpen();
        if (layer < 0 || layer >= shape.layers()) {
            throw new IllegalArgumentException("layer " + layer + " of " + shape.layers());
        }
        if (memory.disk().isPresent()) {
            memory.disk().get().check();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the KV cache is closed");
        }
    }

    /** Sets who is told of what steps select, in place of who was. */
    public void listen(StepListener to) {
        listener = to;
        step.listen(to);
    }

    /** Counters and bytes as they are now. */
    public KvMetrics metrics() {
        return MetricsReport.of(plan, config, memory, selector, links, counters, instruments);
    }

    /** Starts the counters and peaks anew. */
    public void resetMetrics() {
        counters.reset();
        instruments.resetCounts();
        if (selector instanceof TreeSelector tree) {
            tree.resetStatistics();
        }
        links.resetCounts();
        memory.disk().ifPresent(store -> store.counters().reset());
        for (Tier tier : Tier.values()) {
            memory.budget(tier).resetPeak();
        }
    }

    /** Forgets the sequence; all memory stays reserved. */
    public void reset() {
        checkOpen();
        pipeline.reset();
        step.reset();
        observation.forget();
        instruments.reset();
        learning.reset();
        guessedLayer = 0;
        memory.reset();
        selector.reset();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        instruments.close();
        memory.close();
    }
}
