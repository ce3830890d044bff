package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan.LayerPlan;
import io.longinfer.kvcache.KvPlan.Row;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.speculation.PartialKeys;
import io.longinfer.kvcache.tier.HostTier;
import java.util.ArrayList;
import java.util.List;

/** A plan as lines for people: what lies on each tier, in bytes and tokens. */
final class PlanRows {
    private final KvPlan plan;
    private final DecoderShape shape;
    private final AbstractPrecision precision;
    private final long chunkBytes;
    private final List<Row> rows = new ArrayList<>();

    private PlanRows(KvPlan plan, AbstractPrecision precision) {
        this.plan = plan;
        this.precision = precision;
        shape = plan.shape();
        chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
    }

    /** The plan with its rows. */
    static KvPlan describe(KvPlan plan, AbstractPrecision precision) {
        return new KvPlan(
                plan.shape(),
                plan.contextTokens(),
                plan.chunksPerHead(),
                plan.mode(),
                plan.deviceChunks(),
                plan.passingSlots(),
                plan.unitChunks(),
                plan.hostChunks(),
                plan.hostPassingSlots(),
                plan.recordBytes(),
                plan.layers(),
                plan.passingLeaves(),
                plan.partialChannels(),
                plan.disk(),
                plan.buffersOutsideBudgets(),
                new PlanRows(plan, precision).rows());
    }

    private List<Row> rows() {
        long open = (long) shape.layers() * shape.kvHeads();
        long hostStride = HostTier.strideBytes(plan.recordBytes());
        add(Tier.DEVICE, "open chunks", open * chunkBytes, tokens(open));
        addChunks(Tier.DEVICE, "chunks", plan.deviceChunks(), chunkBytes);
        addChunks(Tier.DEVICE, "passing chunks", plan.passingSlots(), chunkBytes);
        String summaries = plan.partialChannels() > 0 ? "partial keys of " : "abstracts of ";
        addAbstracts(Tier.DEVICE, Placement.DEVICE, summaries);
        addChunks(Tier.HOST, "chunks", plan.hostChunks(), hostStride);
        addChunks(Tier.HOST, "passing chunks", plan.hostPassingSlots(), hostStride);
        addAbstracts(Tier.HOST, Placement.HOST, summaries);
        addAbstracts(Tier.HOST, Placement.DISK, "some abstracts of ");
        if (plan.disk().fileBytes() > 0) {
            if (!plan.buffersOutsideBudgets()) {
                add(Tier.HOST, "disk buffers", plan.disk().bufferBytes(), 0);
            }
            add(Tier.DISK, "file with all chunks", plan.disk().fileBytes(), plan.contextTokens());
        }
        return rows;
    }

    private void addChunks(Tier tier, String what, long chunks, long bytesEach) {
        add(tier, what, chunks * bytesEach, tokens(chunks));
    }

    private void addAbstracts(Tier tier, Placement placement, String what) {
        long slotBytes = AbstractStore.leafSlotBytes(shape, precision);
        long upperBytes = plan.partialChannels() > 0
                ? PartialKeys.layerBytes(shape, plan.chunksPerHead(), plan.partialChannels())
                : AbstractStore.upperBytes(shape, plan.chunksPerHead(), precision);
        long count = 0;
        long bytes = 0;
        for (LayerPlan layer : plan.layers()) {
            if (layer.abstracts() == placement) {
                count++;
                bytes += upperBytes + layer.leafSlots() * slotBytes;
            }
        }
        bytes += placement == Placement.DISK ? plan.passingLeaves() * slotBytes : 0;
        add(
                tier,
                what + count + (count == 1 ? " layer" : " layers"),
                bytes,
                plan.contextTokens() * count / shape.layers());
    }

    private long tokens(long chunks) {
        return chunks * ChunkLayout.TOKENS / ((long) shape.layers() * shape.kvHeads());
    }

    private void add(Tier tier, String what, long bytes, long tokens) {
        if (bytes > 0) {
            rows.add(new Row(tier, what, bytes, tokens));
        }
    }
}
