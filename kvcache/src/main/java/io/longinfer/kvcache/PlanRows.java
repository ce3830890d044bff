package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan.DiskPlan;
import io.longinfer.kvcache.KvPlan.LayerPlan;
import io.longinfer.kvcache.KvPlan.Row;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.budget.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** A plan as lines for people: what lies on each tier, in bytes and tokens. */
final class PlanRows {
    private final DecoderShape shape;
    private final int contextTokens;
    private final List<LayerPlan> layers;
    private final long chunkBytes;
    private final List<Row> rows = new ArrayList<>();

    PlanRows(DecoderShape shape, int contextTokens, List<LayerPlan> layers) {
        this.shape = shape;
        this.contextTokens = contextTokens;
        this.layers = layers;
        chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
    }

    List<Row> of(DiskPlan disk, boolean buffersOutsideBudgets) {
        long open = (long) shape.layers() * shape.kvHeads();
        add(Tier.DEVICE, "open chunks", open * chunkBytes, tokens(open));
        addChunks(Tier.DEVICE, "chunks", LayerPlan::deviceChunks);
        addChunks(Tier.DEVICE, "passing chunks", LayerPlan::transientSlots);
        addAbstracts(Tier.DEVICE, Placement.DEVICE);
        addChunks(Tier.HOST, "chunks", LayerPlan::hostChunks);
        addAbstracts(Tier.HOST, Placement.HOST);
        if (disk.fileBytes() > 0) {
            if (!buffersOutsideBudgets) {
                add(Tier.HOST, "disk buffers", disk.bufferBytes(), 0);
            }
            add(Tier.DISK, "file with all chunks", disk.fileBytes(), contextTokens);
        }
        return rows;
    }

    private void addChunks(Tier tier, String what, ToLongFunction<LayerPlan> count) {
        long chunks = layers.stream().mapToLong(count).sum();
        add(tier, what, chunks * chunkBytes, tokens(chunks));
    }

    private void addAbstracts(Tier tier, Placement placement) {
        long count =
                layers.stream().filter(layer -> layer.abstracts() == placement).count();
        int chunksPerHead = contextTokens / ChunkLayout.TOKENS;
        long layerBytes = AbstractStore.allLeafSlots(shape, chunksPerHead)
                        * AbstractStore.leafSlotBytes(shape, AbstractPrecision.FP16)
                + AbstractStore.upperBytes(shape, chunksPerHead);
        add(
                tier,
                "abstracts of " + count + (count == 1 ? " layer" : " layers"),
                count * layerBytes,
                contextTokens * count / shape.layers());
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
