package io.longinfer.kvcache;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.budget.Tier;
import java.util.List;

/**
 * What of a sequence's keys and values lies where, decided before anything is allocated. Immutable.
 *
 * <p>Budgets cover chunks, abstracts and I/O buffers. What remembers where a chunk lies (some 20 bytes a chunk) does not
 * count; nor do the I/O buffers of a disk tier when the host tier is disabled, as they must lie somewhere:
 * {@link #buffersOutsideBudgets()} says so.
 *
 * @param contextTokens tokens planned for
 * @param chunksPerHead closed chunks of 16 tokens that a (layer, KV head) can have
 * @param layers what each layer gets
 * @param disk present, and written through, if device and host cannot hold everything
 * @param rows the plan for people
 */
public record KvPlan(
        DecoderShape shape,
        int contextTokens,
        int chunksPerHead,
        Mode mode,
        List<LayerPlan> layers,
        DiskPlan disk,
        boolean buffersOutsideBudgets,
        List<Row> rows) {
    /** Which tiers hold chunks. */
    public enum Mode {
        /** Everything lies on the device. */
        DEVICE,
        /** Each chunk lies on the device or in the host. */
        DEVICE_HOST,
        /** Every chunk is written to disk; device and host are caches. */
        DISK
    }

    /**
     * What a layer gets, shared by its KV heads.
     *
     * @param deviceChunks chunks that the device keeps
     * @param transientSlots device slots on top, through which others pass
     * @param hostChunks chunks that the host keeps
     * @param abstracts where the layer's abstracts lie
     */
    public record LayerPlan(int deviceChunks, int transientSlots, int hostChunks, Placement abstracts) {}

    /**
     * The disk tier.
     *
     * @param alignmentBytes what blocks are aligned to
     * @param groupsPerHead groups of abstracts per (layer, KV head) in the file, 0 if no layer's lie there
     * @param fileBytes what will be written
     * @param ringBlocks blocks of the write ring
     * @param runBlocks blocks of a reader's buffer
     * @param pieceGroups groups of abstracts per KV head that are read at once
     * @param bufferBytes host memory that all this takes
     */
    public record DiskPlan(
            int alignmentBytes,
            int groupsPerHead,
            long fileBytes,
            int ringBlocks,
            int runBlocks,
            int pieceGroups,
            long bufferBytes) {
        static final DiskPlan NONE = new DiskPlan(0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * A line of the plan.
     *
     * @param what what lies there
     * @param bytes how much of it
     * @param tokens how many tokens of all layers and heads it covers, on average
     */
    public record Row(Tier tier, String what, long bytes, long tokens) {}

    public KvPlan {
        layers = List.copyOf(layers);
        rows = List.copyOf(rows);
    }

    /**
     * Plans for one sequence.
     *
     * @throws KvPlanException if it does not fit, with the option to change and the smallest value that would do
     */
    public static KvPlan of(DecoderShape shape, int contextTokens, KvConfig config) {
        if (contextTokens <= 0) {
            throw new IllegalArgumentException("a context has at least one token, not " + contextTokens);
        }
        return Planner.plan(shape, contextTokens, config)
                .orElseThrow(() -> PlanAdvice.refusal(shape, contextTokens, config));
    }

    /** Bytes that the plan takes of a tier. */
    public long bytes(Tier tier) {
        return rows.stream()
                .filter(row -> row.tier() == tier)
                .mapToLong(Row::bytes)
                .sum();
    }
}
