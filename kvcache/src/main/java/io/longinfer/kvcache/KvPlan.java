package io.longinfer.kvcache;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.budget.Tier;
import java.util.List;

/**
 * What of a sequence's keys and values lies where, decided before anything is allocated. Immutable.
 *
 * <p>Budgets cover chunks, abstracts and I/O buffers. What remembers where a chunk lies (some 30 bytes a chunk) does not
 * count; nor do the I/O buffers of a disk tier when the host tier is disabled, as they must lie somewhere:
 * {@link #buffersOutsideBudgets()} says so.
 *
 * @param contextTokens tokens planned for
 * @param chunksPerHead closed chunks of 16 tokens that a (layer, KV head) can have
 * @param deviceChunks chunks that the device keeps, of all layers
 * @param passingSlots device slots on top, through which others pass
 * @param unitChunks most chunks that one call of attention takes
 * @param hostChunks chunks that the host keeps, of all layers
 * @param hostPassingSlots host slots on top, for records that come from the disk and may stay: as many as the device's, or 0 if
 *     none may
 * @param recordBytes bytes of the longest record of a chunk, in host and disk
 * @param layers where each layer's abstracts lie, or its partial keys
 * @param passingLeaves groups of leaves that can pass through the host, for the layers whose abstracts lie on disk
 * @param partialChannels channels of the partial keys that InfiniGen's selector has in place of abstracts, 0 for other selectors
 * @param disk present, and written through, if device and host cannot hold everything
 * @param rows the plan for people
 */
public record KvPlan(
        DecoderShape shape,
        int contextTokens,
        int chunksPerHead,
        Mode mode,
        int deviceChunks,
        int passingSlots,
        int unitChunks,
        int hostChunks,
        int hostPassingSlots,
        int recordBytes,
        List<LayerPlan> layers,
        int passingLeaves,
        int partialChannels,
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
     * The abstracts of a layer, or its partial keys.
     *
     * @param abstracts which budget they count against; on {@link Placement#DISK} the host has inner nodes and some leaf groups
     * @param leafSlots full groups of leaves in memory, the KV heads together
     */
    public record LayerPlan(Placement abstracts, int leafSlots) {}

    /**
     * The disk tier.
     *
     * @param alignmentBytes what blocks are aligned to
     * @param groupsPerHead groups of abstracts per (layer, KV head) in the file, 0 if no layer's lie there
     * @param fileBytes what will be written
     * @param ringBytes what waits to be written
     * @param operationBytes the largest read
     * @param readBytes memory for reads in flight
     */
    public record DiskPlan(
            int alignmentBytes, int groupsPerHead, long fileBytes, long ringBytes, int operationBytes, long readBytes) {
        static final DiskPlan NONE = new DiskPlan(0, 0, 0, 0, 0, 0);

        /** Host memory that all this takes. */
        public long bufferBytes() {
            return ringBytes + readBytes;
        }
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
        KvConfig chosen = CodecChooser.choose(config);
        return Planner.plan(shape, contextTokens, chosen)
                .orElseThrow(() -> PlanAdvice.refusal(shape, contextTokens, chosen));
    }

    /** Bytes that the plan takes of a tier. */
    public long bytes(Tier tier) {
        return rows.stream()
                .filter(row -> row.tier() == tier)
                .mapToLong(Row::bytes)
                .sum();
    }
}
