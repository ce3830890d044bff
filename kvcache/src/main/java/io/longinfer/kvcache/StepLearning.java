package io.longinfer.kvcache;

import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kvcache.pipeline.ChunkPipeline;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.selection.Selector;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.kvcache.tier.ChunkTable;
import java.util.Arrays;
import java.util.Optional;

/**
 * Learns what chunks, and where asked tokens, weighed in a layer of a step: for placement, for the observation of a prompt's end,
 * for the selector, and for a cache that adopts the prompt. Used by one thread.
 */
final class StepLearning {
    private static final int NO_LAYER = -1;

    private final KvPlan plan;
    private final KvConfig config;
    private final ChunkTable chunks;
    private final Selector selector;
    private final PromptObservation observation;
    private final Optional<TokenLearning> tokens;
    private final ChunkPipeline pipeline;
    private final ChunkPipeline.Listener learn = this::learn;

    /** {@code [kvHeads][chunksPerHead]}: what each chunk weighed in the layer at hand. */
    private final float[] masses;

    // The layer at hand.
    private boolean dense;
    private boolean measure;
    private boolean statisticsEnded;
    private int layer = NO_LAYER;
    private int attendedLayer = NO_LAYER;
    private int segment;
    private DeviceSession session;
    private StepListener listener = StepListener.NONE;

    StepLearning(
            KvPlan plan,
            KvConfig config,
            ChunkTable chunks,
            Selector selector,
            PromptObservation observation,
            Optional<TokenLearning> tokens,
            ChunkPipeline pipeline) {
        this.plan = plan;
        this.config = config;
        this.chunks = chunks;
        this.selector = selector;
        this.observation = observation;
        this.tokens = tokens;
        this.pipeline = pipeline;
        masses = new float[Math.multiplyExact(plan.shape().kvHeads(), plan.chunksPerHead())];
    }

    /** Sets who is told what chunks weigh. */
    void listen(StepListener to) {
        listener = to;
    }

    /** A segment enters a layer; if not dense, it attends what is selected. */
    void enter(int layer, boolean single, boolean dense) {
        this.layer = layer;
        this.dense = dense;
        measure = single
                && (observation.on()
                        || plan.mode() != KvPlan.Mode.DEVICE
                        || config.selector() == SelectorKind.ADAPTIVE
                        || config.selector().learnsTokens());
    }

    /** The session is about to attend the layer. */
    void attend(DeviceSession session, int segment) {
        session.recordMass(measure);
        if (config.selector().learnsTokens()) {
            TokenLearning.measures(session).record(measure);
        }
        this.session = session;
        this.segment = segment;
        attendedLayer = layer;
    }

    /** The session has finished the layer: learns from it, and lets the pipeline settle. Returns whether anything was measured. */
    boolean finish(int finished, Selection selection, ClosedChunks closed) {
        int closedBefore = chunks.closed(finished);
        boolean measured = measure && layer == finished;
        if (measured) {
            pipeline.forEachAttended(learn);
            if (!dense) {
                selector.learnStep(finished, closedBefore, selection, masses, 0, plan.chunksPerHead());
            }
        }
        pipeline.settle();
        if (attendedLayer == finished) {
            learnTokens(finished, closedBefore, selection, closed);
        }
        measure = false;
        attendedLayer = NO_LAYER;
        return measured;
    }

    private void learn(int kvHead, int chunk, int call, int index) {
        float mass = session.mass(segment, call, kvHead, index);
        int id = chunks.id(layer, kvHead, chunk);
        chunks.attended(id, mass);
        listener.weighed(layer, kvHead, chunk, mass);
        if (config.selector().learnsTokens()) {
            tokens.orElseThrow().attended(layer, session, segment, kvHead, chunk, call, index);
        }
        if (observation.on()) {
            observation.add(id, mass);
        } else {
            masses[kvHead * plan.chunksPerHead() + chunk] = mass;
        }
    }

    /** Of a decoding step only a selector learns; of a prompt, whoever keeps account of it. */
    private void learnTokens(int layer, int closedBefore, Selection selection, ClosedChunks closed) {
        if (dense && tokens.isPresent() && !statisticsEnded) {
            tokens.get().block(layer, session, segment, pipeline, selection, closed);
        } else if (!dense && config.selector().learnsTokens()) {
            tokens.orElseThrow().open(layer, session, segment, closedBefore);
        }
    }

    /** What is read from now on is no part of what another cache adopts. */
    void endStatistics() {
        statisticsEnded = true;
    }

    boolean statisticsEnded() {
        return statisticsEnded;
    }

    /**
     * Takes over what another cache has learned of the tokens of a prompt.
     *
     * @throws IllegalStateException if that is needed and that one has not
     */
    void adopt(StepLearning source) {
        if (tokens.isPresent()) {
            tokens.get()
                    .copy(source.tokens.orElseThrow(
                            () -> new IllegalStateException("the prompt was read without what its"
                                    + " tokens weigh, which selector " + config.selector()
                                    + " needs: KvConfig.tokenStatistics expected")));
        }
    }

    void reset() {
        Arrays.fill(masses, 0);
        measure = false;
        statisticsEnded = false;
        attendedLayer = NO_LAYER;
        tokens.ifPresent(TokenLearning::reset);
    }
}
