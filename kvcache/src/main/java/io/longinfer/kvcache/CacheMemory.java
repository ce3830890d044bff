package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvPlan.DiskPlan;
import io.longinfer.kvcache.KvPlan.LayerPlan;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import io.longinfer.kvcache.chunk.LayerChunks;
import io.longinfer.kvcache.disk.DiskGeometry;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.tier.HostTier;
import io.longinfer.kvcache.tier.LayerTiers;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a cache owns, made as its plan says: budgets, pools, the host's arena, the file, the abstracts. Nothing is
 * allocated before its bytes are reserved. Used by one thread. Double close is harmless.
 */
final class CacheMemory implements AutoCloseable {
    private final KvPlan plan;
    private final ChunkLayout layout;
    private final Map<Tier, TierBudget> budgets = new EnumMap<>(Tier.class);
    private final List<AutoCloseable> owned = new ArrayList<>();
    private final HostTier host;
    private final Optional<DiskStore> disk;
    private final AbstractStore abstracts;
    private final List<LayerTiers> layers = new ArrayList<>();

    CacheMemory(KvPlan plan, KvConfig config, Device device, WorkerPool workers, AbstractKernels kernels) {
        this.plan = plan;
        layout = new ChunkLayout(plan.shape().headDim());
        budgets.put(Tier.DEVICE, new TierBudget(Tier.DEVICE, config.deviceBudgetBytes()));
        budgets.put(Tier.HOST, new TierBudget(Tier.HOST, config.hostBudgetBytes()));
        budgets.put(Tier.DISK, new TierBudget(Tier.DISK, config.diskBudgetBytes()));
        try {
            // The plan's bytes are what the allocations below add up to; the file's are reserved as it grows.
            budget(Tier.DEVICE).reserve(plan.bytes(Tier.DEVICE));
            budget(Tier.HOST).reserve(plan.bytes(Tier.HOST));
            disk = plan.mode() == KvPlan.Mode.DISK ? Optional.of(own(openDisk(config))) : Optional.empty();
            host = own(new HostTier(
                    layout,
                    plan.layers().stream().mapToLong(LayerPlan::hostChunks).sum()));
            abstracts = own(new AbstractStore(
                    plan.shape(),
                    plan.chunksPerHead(),
                    plan.layers().stream().map(LayerPlan::abstracts).toList(),
                    plan.disk().pieceGroups(),
                    disk,
                    kernels,
                    workers));
            long hostBase = 0;
            for (int layer = 0; layer < plan.shape().layers(); layer++) {
                layers.add(openLayer(layer, config, device, hostBase));
                hostBase += plan.layers().get(layer).hostChunks();
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private DiskStore openDisk(KvConfig config) {
        DecoderShape shape = plan.shape();
        DiskPlan diskPlan = plan.disk();
        DiskGeometry geometry = new DiskGeometry(
                shape.layers(),
                shape.kvHeads(),
                plan.chunksPerHead(),
                diskPlan.groupsPerHead(),
                layout.sizeBytes(),
                new AbstractLayout(shape.headDim()).groupBytes(),
                diskPlan.alignmentBytes());
        int slotBytes = geometry.largestStrideBytes();
        int runBytes = diskPlan.runBlocks() * slotBytes;
        DiskIo io = own(DiskIo.open(DiskIo.Options.of(DiskIo.Backend.AUTO)
                .withAlignment(diskPlan.alignmentBytes())
                .withDepth(config.ioThreads())
                .withBuffer(runBytes, (long) config.ioThreads() * runBytes)
                .withBridge(0)));
        DiskStore.Options options = new DiskStore.Options(
                config.diskDirectory(),
                config.directIo(),
                diskPlan.fileBytes(),
                (long) diskPlan.ringBlocks() * slotBytes);
        return DiskStore.open(geometry, options, budget(Tier.DISK), io);
    }

    private LayerTiers openLayer(int layer, KvConfig config, Device device, long hostBase) {
        LayerPlan layerPlan = plan.layers().get(layer);
        LayerChunks chunks = new LayerChunks(
                plan.shape().kvHeads(),
                plan.chunksPerHead(),
                config.selection().sinkChunks(),
                config.selection().recentChunks(),
                config.importanceDecay());
        int slots = layerPlan.deviceChunks() + layerPlan.transientSlots();
        KvPool pool = own(device.allocatePool(layout, Math.max(1, slots)));
        return new LayerTiers(
                layer,
                chunks,
                pool,
                layerPlan.deviceChunks(),
                layerPlan.transientSlots(),
                layerPlan.hostChunks(),
                hostBase);
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    TierBudget budget(Tier tier) {
        return budgets.get(tier);
    }

    HostTier host() {
        return host;
    }

    Optional<DiskStore> disk() {
        return disk;
    }

    AbstractStore abstracts() {
        return abstracts;
    }

    LayerTiers layer(int layer) {
        return layers.get(layer);
    }

    List<LayerTiers> layers() {
        return layers;
    }

    int chunkBytes() {
        return layout.sizeBytes();
    }

    /** Summarises new chunks, and writes them to disk if there is one. */
    void write(int layer, ClosedChunks closed) {
        abstracts.append(layer, closed);
        if (disk.isEmpty()) {
            return;
        }
        DiskStore store = disk.get();
        for (int head = 0; head < plan.shape().kvHeads(); head++) {
            long offset = head * closed.headStrideBytes();
            for (int i = 0; i < closed.count(); i++) {
                int bytes = layout.sizeBytes();
                store.append(
                        store.geometry().chunkBlock(layer, head, closed.first() + i),
                        closed.memory(),
                        offset,
                        bytes,
                        bytes);
                offset += bytes;
            }
        }
    }

    void reset() {
        abstracts.reset();
        layers.forEach(LayerTiers::reset);
        disk.ifPresent(DiskStore::reset);
    }

    /** Closes what is owned, last made first; budgets are given back. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!owned.isEmpty()) {
            try {
                owned.removeLast().close();
            } catch (Exception e) {
                failure =
                        failure == null ? new IllegalStateException("the KV cache did not close cleanly", e) : failure;
            }
        }
        for (Tier tier : List.of(Tier.DEVICE, Tier.HOST)) {
            budget(tier).release(budget(tier).usedBytes());
        }
        if (failure != null) {
            throw failure;
        }
    }
}
