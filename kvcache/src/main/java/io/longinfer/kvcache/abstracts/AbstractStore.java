package io.longinfer.kvcache.abstracts;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.disk.BlockTarget;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.disk.ReadBatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * The abstracts of one sequence's closed chunks, {@code [kvHeads][groups]} per layer, and the upper bounds of a query over
 * them. A layer's abstracts lie as a whole in device, host or disk memory. Of those on disk, the group that is being filled
 * stays in host memory; the others are read at each step, a few groups per head at a time.
 *
 * <p>Memory is native, as the kernels of the CPU device read it in place; which budget it counts against is the plan's
 * decision. Used by one thread; does not own the disk store. Close it once nothing uses it.
 */
public final class AbstractStore implements AutoCloseable {
    private final AbstractLayout layout;
    private final ChunkLayout chunkLayout;
    private final AbstractKernels kernels;
    private final WorkerPool workers;
    private final Optional<DiskStore> disk;
    private final List<Placement> placements;
    private final int kvHeads;
    private final int group;
    private final int groups;
    private final int stride;
    private final Arena arena = Arena.ofShared();

    /** {@code [layers]}: all groups of a layer, or for a layer on disk its unfinished groups, {@code [kvHeads]}. */
    private final MemorySegment[] memory;

    private final int pieceGroups;
    private final MemorySegment piece;
    private final ReadBatch batch;
    private final float[] bounds;
    private final WorkerPool.Task scoreTask = this::score;

    // The job of scoreTask.
    private MemorySegment scored = MemorySegment.NULL;
    private long scoredHeadStride;
    private int firstGroup;
    private int groupCount;
    private float[] queries = new float[0];
    private int queryOffset;

    /**
     * Memory for all groups of {@code chunksPerHead} chunks, zeroed.
     *
     * @param placements {@code [layers]}
     * @param pieceGroups groups of a head that are read from disk at once
     * @param disk present if a layer lies there
     */
    public AbstractStore(
            DecoderShape shape,
            int chunksPerHead,
            List<Placement> placements,
            int pieceGroups,
            Optional<DiskStore> disk,
            AbstractKernels kernels,
            WorkerPool workers) {
        layout = new AbstractLayout(shape.headDim());
        chunkLayout = new ChunkLayout(shape.headDim());
        this.kernels = kernels;
        this.workers = workers;
        this.disk = disk;
        this.placements = List.copyOf(placements);
        this.pieceGroups = pieceGroups;
        kvHeads = shape.kvHeads();
        group = shape.group();
        groups = AbstractLayout.groups(chunksPerHead);
        stride = groups * AbstractLayout.CHUNKS;
        memory = new MemorySegment[shape.layers()];
        for (int layer = 0; layer < memory.length; layer++) {
            memory[layer] = switch (placements.get(layer)) {
                case NONE -> MemorySegment.NULL;
                case DEVICE, HOST -> allocate((long) kvHeads * groups);
                case DISK -> allocate(kvHeads);
            };
        }
        boolean onDisk = placements.contains(Placement.DISK);
        piece = onDisk ? allocate((long) kvHeads * pieceGroups) : MemorySegment.NULL;
        BlockTarget target = (tag, source, offset, prefixLength, length) ->
                MemorySegment.copy(source, offset, piece, (long) tag * layout.groupBytes(), length);
        batch = new ReadBatch(target);
        boolean none = placements.stream().allMatch(placement -> placement == Placement.NONE);
        bounds = new float[none ? 0 : Math.multiplyExact(shape.heads(), stride)];
    }

    private MemorySegment allocate(long groupCount) {
        return arena.allocate(groupCount * layout.groupBytes(), 4096);
    }

    /** Adds the abstracts of chunks that were closed, in order. */
    public void append(int layer, ClosedChunks closed) {
        Placement placement = placements.get(layer);
        if (placement == Placement.NONE) {
            return;
        }
        for (int head = 0; head < kvHeads; head++) {
            long chunkOffset = head * closed.headStrideBytes();
            for (int i = 0; i < closed.count(); i++) {
                int chunk = closed.first() + i;
                int index = chunk % AbstractLayout.CHUNKS;
                long at = placement == Placement.DISK
                        ? tailOffset(head)
                        : groupOffset(head, chunk / AbstractLayout.CHUNKS);
                kernels.update(chunkLayout, closed.memory(), chunkOffset, memory[layer], at, index);
                chunkOffset += chunkLayout.sizeBytes();
                if (placement == Placement.DISK && index == AbstractLayout.CHUNKS - 1) {
                    writeTail(layer, head, chunk / AbstractLayout.CHUNKS);
                }
            }
        }
    }

    private void writeTail(int layer, int head, int filledGroup) {
        DiskStore store = disk.orElseThrow();
        int bytes = layout.groupBytes();
        store.append(
                store.geometry().groupBlock(layer, head, filledGroup), memory[layer], tailOffset(head), bytes, bytes);
        memory[layer].asSlice(tailOffset(head), layout.groupBytes()).fill((byte) 0);
    }

    private long groupOffset(int head, int group) {
        return ((long) head * groups + group) * layout.groupBytes();
    }

    private long tailOffset(int head) {
        return (long) head * layout.groupBytes();
    }

    /**
     * Computes the upper bounds of all query heads over the first {@code chunks} chunks into {@link #bounds()}.
     *
     * @param queries {@code [heads][headDim]} from {@code queryOffset}
     * @return bytes of abstracts read
     */
    public long upperBounds(int layer, int chunks, float[] queries, int queryOffset) {
        this.queries = queries;
        this.queryOffset = queryOffset;
        int count = AbstractLayout.groups(chunks);
        if (placements.get(layer) == Placement.DISK) {
            scoreFromDisk(layer, chunks);
        } else {
            score(memory[layer], groupOffset(1, 0), 0, count);
        }
        return (long) kvHeads * count * layout.groupBytes();
    }

    private void scoreFromDisk(int layer, int chunks) {
        DiskStore store = disk.orElseThrow();
        int full = chunks / AbstractLayout.CHUNKS;
        for (int first = 0; first < full; first += pieceGroups) {
            int count = Math.min(pieceGroups, full - first);
            batch.clear();
            for (int head = 0; head < kvHeads; head++) {
                for (int i = 0; i < count; i++) {
                    batch.add(store.geometry().groupBlock(layer, head, first + i), head * pieceGroups + i);
                }
            }
            store.submit(batch);
            store.await(batch);
            score(piece, (long) pieceGroups * layout.groupBytes(), first, count);
        }
        if (chunks % AbstractLayout.CHUNKS != 0) {
            score(memory[layer], layout.groupBytes(), full, 1);
        }
    }

    private void score(MemorySegment source, long headStride, int first, int count) {
        scored = source;
        scoredHeadStride = headStride;
        firstGroup = first;
        groupCount = count;
        workers.forEach(kvHeads, scoreTask);
    }

    /** One KV head of the current job; its place is also that of the head's query heads. */
    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task: the kernels keep their scratch per thread
    private void score(int head, int worker) {
        kernels.upperBounds(
                layout,
                scored,
                head * scoredHeadStride,
                groupCount,
                queries,
                queryOffset + head * group * layout.headDim(),
                group,
                bounds,
                head * group * stride + firstGroup * AbstractLayout.CHUNKS,
                stride);
    }

    /** {@code [heads][stride()]}: the last bounds; may be overwritten. */
    public float[] bounds() {
        return bounds;
    }

    /** Bounds from one query head to the next. */
    public int stride() {
        return stride;
    }

    /** Forgets all abstracts. */
    public void reset() {
        for (MemorySegment segment : memory) {
            segment.fill((byte) 0);
        }
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
