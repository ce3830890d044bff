package io.longinfer.kvcache;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.pipeline.ChunkPipeline;
import io.longinfer.kvcache.speculation.Speculation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Lets InfiniGen's speculation learn a prompt: its queries are summed up block by block, and its last token, which attends every
 * chunk, shows each chunk to be projected. Sums alone are kept for a cache that adopts the prompt. Used by one thread.
 */
final class PromptLearning {
    /** Last tokens of a prompt that are needed one by one. */
    static final int TOKENS = 1;

    private final DecoderShape shape;
    private final CacheMemory memory;
    private final Optional<Speculation> speculation;
    private final Optional<PromptStatistics> statistics;
    private final MemorySegment chunkMemory;
    private final Optional<ChunkPipeline.Visitor> project = Optional.of(this::project);
    private boolean learning;
    private int layer;

    PromptLearning(KvPlan plan, KvConfig config, CacheMemory memory, WorkerPool workers) {
        shape = plan.shape();
        this.memory = memory;
        speculation = memory.speculation();
        statistics = speculation.isPresent() || config.promptStatistics()
                ? Optional.of(new PromptStatistics(shape, workers))
                : Optional.empty();
        chunkMemory =
                Arena.ofAuto().allocate(speculation.isPresent() ? new ChunkLayout(shape.headDim()).sizeBytes() : 1, 64);
    }

    /** How many last tokens of a prompt it wants one by one. */
    int tokens() {
        return speculation.isPresent() && !speculation.get().learned() ? TOKENS : 0;
    }

    /** Takes the queries of a part of a prompt, when they have been projected. */
    void queries(int layer, DeviceSession session, int segment) {
        if (statistics.isPresent() && !speculation.map(Speculation::learned).orElse(false)) {
            int first = session.firstRow(segment) * shape.queryWidth();
            statistics.get().add(layer, session.queries(), first, session.rows(segment));
        }
    }

    /** Starts the last token of a prompt. */
    void start() {
        learning = tokens() > 0
                && speculation.orElseThrow().learnable(statistics.orElseThrow().queries());
    }

    /** Who wants to see the chunks that a layer attends. */
    Optional<ChunkPipeline.Visitor> visitor(int layer) {
        if (!learning) {
            return Optional.empty();
        }
        this.layer = layer;
        speculation.orElseThrow().skew(layer, statistics.orElseThrow().queries());
        return project;
    }

    private void project(int kvHead, int chunk, int slot) {
        memory.residency().pool().read(slot, chunkMemory, 0);
        speculation.orElseThrow().put(layer, kvHead, chunk, chunkMemory, 0);
    }

    /** Ends a prompt. */
    void end() {
        if (learning) {
            speculation.orElseThrow().endPrompt();
            learning = false;
        }
    }

    /**
     * Takes over the sums of a prompt that another cache has read.
     *
     * @throws IllegalStateException if they are needed and that one has none
     */
    void adopt(PromptLearning source) {
        if (statistics.isPresent()) {
            statistics
                    .get()
                    .copy(source.statistics.orElseThrow(() -> new IllegalStateException("the prompt was read without"
                            + " statistics, which selector infinigen needs: KvConfig.promptStatistics expected")));
        }
    }

    void reset() {
        learning = false;
        statistics.ifPresent(PromptStatistics::reset);
    }
}
