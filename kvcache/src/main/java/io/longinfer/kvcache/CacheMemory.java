package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.KvPoolSource;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvPlan.LayerPlan;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import io.longinfer.kvcache.codec.ChunkCodec;
import io.longinfer.kvcache.codec.RecordLengths;
import io.longinfer.kvcache.disk.DiskGeometry;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.speculation.Speculation;
import io.longinfer.kvcache.tier.ChunkTable;
import io.longinfer.kvcache.tier.HostTier;
import io.longinfer.kvcache.tier.Residency;
import io.longinfer.kvcache.tier.TierCounters;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a cache owns, made as its plan says: budgets, pool, the host's arena, the file, the abstracts. Nothing is allocated
 * before its bytes are reserved. Used by one thread. Double close is harmless.
 */
final class CacheMemory implements AutoCloseable {
    private final KvPlan plan;
    private final ChunkLayout layout;
    private final Map<Tier, TierBudget> budgets = new EnumMap<>(Tier.class);
    private final List<AutoCloseable> owned = new ArrayList<>();
    private final ChunkTable chunks;
    private final ChunkCodec codec;
    private final Residency residency;
    private final Optional<DiskStore> disk;
    private final AbstractStore abstracts;
    private final Optional<Speculation> speculation;
    private final MemorySegment record;

    CacheMemory(
            KvPlan plan,
            KvConfig config,
            KvPoolSource pools,
            ChunkCodec codec,
            AbstractKernels kernels,
            WorkerPool workers,
            Optional<DiskIo> io,
            TierCounters counters) {
        this.plan = plan;
        this.codec = codec;
        layout = new ChunkLayout(plan.shape().headDim());
        record = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(codec.maxSizeBytes()));
        budgets.put(Tier.DEVICE, new TierBudget(Tier.DEVICE, config.deviceBudgetBytes()));
        budgets.put(Tier.HOST, new TierBudget(Tier.HOST, config.hostBudgetBytes()));
        budgets.put(Tier.DISK, new TierBudget(Tier.DISK, config.diskBudgetBytes()));
        chunks = new ChunkTable(
                plan.shape().layers(),
                plan.shape().kvHeads(),
                plan.chunksPerHead(),
                config.selection().sinkChunks(),
                config.selection().recentChunks(),
                config.importanceDecay());
        try {
            // The plan's bytes are what the allocations below add up to; the file's are reserved as it grows.
            budget(Tier.DEVICE).reserve(plan.bytes(Tier.DEVICE));
            budget(Tier.HOST).reserve(plan.bytes(Tier.HOST));
            residency = own(openResidency(pools, io.isPresent(), counters));
            // Closed before what its reads are delivered to.
            disk = io.map(engine -> own(openDisk(config, engine)));
            abstracts = own(new AbstractStore(
                    plan.shape(),
                    plan.chunksPerHead(),
                    plan.layers().stream().map(LayerPlan::leafSlots).toList(),
                    plan.passingLeaves(),
                    config.abstractPrecision(),
                    disk,
                    kernels));
            speculation = plan.partialChannels() == 0
                    ? Optional.empty()
                    : Optional.of(
                            own(new Speculation(plan.shape(), plan.chunksPerHead(), plan.partialChannels(), workers)));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private DiskStore openDisk(KvConfig config, DiskIo io) {
        DiskGeometry geometry = new DiskGeometry(
                plan.shape().layers(),
                plan.shape().kvHeads(),
                plan.chunksPerHead(),
                plan.disk().groupsPerHead(),
                plan.recordBytes(),
                config.abstractPrecision().groupBytes(plan.shape().headDim()),
                plan.disk().alignmentBytes());
        DiskStore.Options options = new DiskStore.Options(
                config.diskDirectory(),
                config.directIo(),
                plan.disk().fileBytes(),
                plan.disk().ringBytes());
        return DiskStore.open(geometry, options, budget(Tier.DISK), io);
    }

    private Residency openResidency(KvPoolSource pools, boolean backed, TierCounters counters) {
        KvPool pool = pools.allocatePool(layout, Math.max(1, plan.deviceChunks() + plan.passingSlots()));
        return new Residency(
                chunks,
                pool,
                plan.deviceChunks(),
                new HostTier(plan.hostChunks() + plan.hostPassingSlots(), plan.recordBytes()),
                plan.hostChunks(),
                plan.hostPassingSlots(),
                codec,
                backed,
                counters);
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    TierBudget budget(Tier tier) {
        return budgets.get(tier);
    }

    ChunkTable chunks() {
        return chunks;
    }

    Residency residency() {
        return residency;
    }

    Optional<DiskStore> disk() {
        return disk;
    }

    AbstractStore abstracts() {
        return abstracts;
    }

    /** What InfiniGen's selector speculates with; present if it is planned for. */
    Optional<Speculation> speculation() {
        return speculation;
    }

    int chunkBytes() {
        return layout.sizeBytes();
    }

    /**
     * Summarises new chunks, and writes them to disk if there is one.
     *
     * @param source the same chunks, as records are made of them
     */
    void write(int layer, ClosedChunks closed, ClosedChunks source) {
        abstracts.append(layer, closed);
        speculation.ifPresent(s -> s.append(layer, closed));
        if (disk.isEmpty()) {
            return;
        }
        DiskStore store = disk.get();
        for (int head = 0; head < plan.shape().kvHeads(); head++) {
            long offset = head * source.headStrideBytes();
            for (int i = 0; i < source.count(); i++) {
                long lengths = codec.encode(source.memory(), offset, record, 0);
                store.append(
                        store.geometry().chunkBlock(layer, head, source.first() + i),
                        record,
                        0,
                        RecordLengths.prefixBytes(lengths),
                        RecordLengths.sizeBytes(lengths));
                offset += layout.sizeBytes();
            }
        }
    }

    /** Copies closed chunks that the device keeps to {@code target}: {@code [kvHeads][count]} chunks. */
    ClosedChunks copy(int layer, int first, int count, MemorySegment target) {
        long chunkBytes = layout.sizeBytes();
        for (int head = 0; head < plan.shape().kvHeads(); head++) {
            for (int i = 0; i < count; i++) {
                int slot = residency.device().slot(chunks.id(layer, head, first + i));
                residency.pool().read(slot, target, ((long) head * count + i) * chunkBytes);
            }
        }
        return new ClosedChunks(first, count, target, count * chunkBytes);
    }

    void reset() {
        chunks.reset();
        abstracts.reset();
        speculation.ifPresent(Speculation::reset);
        residency.reset();
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
