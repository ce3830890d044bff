package io.longinfer.kvcache.tier;

import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.chunk.LayerChunks;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.selection.Selection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Attends selected chunks wherever they lie: those that the device keeps in place, the others in waves through its passing
 * slots, one wave being read while the one before is attended. Any number of chunks works with any number of slots.
 *
 * <p>What passed through last stays readable in its slots until the next call, for {@link Migration#admit}. Not thread-safe.
 */
public final class TieredAttention {
    /** Fewer copies than this are not worth waking the workers for. */
    private static final int PARALLEL_COPIES = 8;

    private final HostTier host;
    private final Optional<DiskStore> disk;
    private final WorkerPool workers;
    private final TierCounters counters;
    private final int kvHeads;
    private final int chunkBytes;
    private final MissList misses;
    private final Wave[] waves = {new Wave(this::arrive), new Wave(this::arrive)};
    private final List<BlockTable> tables = new ArrayList<>();
    private final WorkerPool.Task copyTask = this::copy;
    private int[] copies = new int[64];
    private int copyCount;
    private Wave copied = waves[0];
    private int calls;
    private int rotation;
    private LayerTiers tiers;
    private int segment;

    /** Machinery for all layers of a sequence. */
    public TieredAttention(
            int kvHeads,
            int chunksPerHead,
            int chunkBytes,
            HostTier host,
            Optional<DiskStore> disk,
            WorkerPool workers,
            TierCounters counters,
            LayerTiers anyLayer) {
        this.kvHeads = kvHeads;
        this.chunkBytes = chunkBytes;
        this.host = host;
        this.disk = disk;
        this.workers = workers;
        this.counters = counters;
        misses = new MissList(kvHeads, chunksPerHead);
        tiers = anyLayer;
    }

    /** Attends a selection of one layer with a segment of the session's block. */
    public void attend(LayerTiers layer, Selection selection, DeviceSession session, int segment) {
        tiers = layer;
        this.segment = segment;
        calls = 0;
        waves[0].clear(0);
        waves[1].clear(0);
        BlockTable table = nextTable();
        split(selection, table);
        if (misses.left() == 0) {
            call(session, table);
            return;
        }
        try {
            passThrough(session, table);
        } catch (RuntimeException e) {
            abandon(e);
            throw e;
        }
    }

    private void split(Selection selection, BlockTable table) {
        misses.clear();
        LayerChunks chunks = tiers.chunks();
        for (int head = 0; head < kvHeads; head++) {
            int size = selection.size(head);
            for (int i = 0; i < size; i++) {
                int chunk = selection.chunk(head, i);
                int slot = tiers.device().slot(chunks.id(head, chunk));
                if (slot == SlotMap.NONE) {
                    misses.add(head, chunk);
                } else {
                    table.add(head, chunk, slot);
                }
            }
        }
        counters.deviceMisses += misses.left();
        counters.deviceHits += selection.total() - misses.left();
    }

    private void passThrough(DeviceSession session, BlockTable resident) {
        int slots = tiers.transientSlots();
        int parts = misses.left() > slots && slots >= 2 ? 2 : 1;
        int most = slots / parts;
        rotation = misses.left() > slots ? (rotation + most) & 0xffff : 0;
        BlockTable table = resident;
        load(waves[0], most, 0);
        if (waves[0].submitted && !empty(table)) {
            call(session, table); // while the disk works
            table = nextTable();
        }
        for (int index = 0; ; index++) {
            Wave wave = waves[index % parts];
            boolean more = misses.left() > 0;
            if (more && parts == 2) {
                load(waves[(index + 1) % 2], most, (index + 1) % 2 * most);
            }
            settle(wave);
            for (int i = 0; i < wave.size; i++) {
                table.add(wave.kvHeads[i], wave.chunks[i], wave.slots[i]);
            }
            call(session, table);
            if (!more) {
                return;
            }
            if (parts == 1) {
                load(wave, most, 0);
            }
            table = nextTable();
        }
    }

    private boolean empty(BlockTable table) {
        for (int head = 0; head < kvHeads; head++) {
            if (table.size(head) > 0) {
                return false;
            }
        }
        return true;
    }

    /** Starts bringing the next chunks into the spare slots from {@code firstSpare}. */
    private void load(Wave wave, int most, int firstSpare) {
        wave.clear(most);
        misses.fill(wave, most, rotation, tiers, firstSpare);
        LayerChunks chunks = tiers.chunks();
        copyCount = 0;
        for (int i = 0; i < wave.size; i++) {
            if (tiers.host().holds(chunks.id(wave.kvHeads[i], wave.chunks[i]))) {
                noteCopy(i);
            } else {
                DiskStore store = disk.orElseThrow();
                wave.batch.add(
                        store.geometry().chunkBlock(tiers.layer(), wave.kvHeads[i], wave.chunks[i]), wave.slots[i]);
            }
        }
        counters.hostHits += copyCount;
        counters.hostMisses += wave.batch.size();
        if (wave.batch.size() > 0) {
            disk.orElseThrow().submit(wave.batch);
            wave.submitted = true;
        }
        copyFromHost(wave);
    }

    private void noteCopy(int index) {
        if (copyCount == copies.length) {
            copies = java.util.Arrays.copyOf(copies, 2 * copyCount);
        }
        copies[copyCount++] = index;
    }

    private void copyFromHost(Wave wave) {
        if (copyCount == 0) {
            return;
        }
        long start = System.nanoTime();
        copied = wave;
        if (copyCount < PARALLEL_COPIES) {
            for (int i = 0; i < copyCount; i++) {
                copy(i, 0);
            }
        } else {
            workers.forEach(copyCount, copyTask);
        }
        counters.hostToDeviceNanos += System.nanoTime() - start;
        counters.hostToDeviceBytes += (long) copyCount * chunkBytes;
        counters.hostToDeviceOperations += copyCount;
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void copy(int index, int worker) {
        int entry = copies[index];
        int id = tiers.chunks().id(copied.kvHeads[entry], copied.chunks[entry]);
        tiers.pool().write(copied.slots[entry], host.memory(), host.offset(tiers.hostSlot(id)));
    }

    /** A chunk has come from the disk; called by the I/O threads. */
    @SuppressWarnings("UnusedVariable") // a BlockTarget: chunks are read whole
    private void arrive(int slot, java.lang.foreign.MemorySegment source, long offset, int prefixLength, int length) {
        tiers.pool().write(slot, source, offset);
    }

    private void settle(Wave wave) {
        if (wave.submitted) {
            wave.submitted = false;
            disk.orElseThrow().await(wave.batch);
        }
    }

    /** Nothing may be on its way into a slot when an error leaves. */
    @SuppressWarnings("ReferenceEquality") // an exception cannot suppress itself
    private void abandon(RuntimeException error) {
        for (Wave wave : waves) {
            try {
                settle(wave);
            } catch (RuntimeException e) {
                if (e != error) {
                    error.addSuppressed(e);
                }
            }
            wave.size = 0;
        }
    }

    private BlockTable nextTable() {
        if (calls == tables.size()) {
            tables.add(new BlockTable(kvHeads));
        }
        BlockTable table = tables.get(calls);
        table.clear();
        return table;
    }

    private void call(DeviceSession session, BlockTable table) {
        calls++;
        session.attend(tiers.layer(), segment, tiers.pool(), table);
    }

    /** Adds what each chunk of the last call weighed to its importance, after the session finished the layer. */
    void recordMass(DeviceSession session, int segment) {
        LayerChunks chunks = tiers.chunks();
        for (int call = 0; call < calls; call++) {
            BlockTable table = tables.get(call);
            for (int head = 0; head < kvHeads; head++) {
                int size = table.size(head);
                for (int i = 0; i < size; i++) {
                    chunks.addMass(chunks.id(head, table.chunk(head, i)), session.mass(segment, call, head, i));
                }
            }
        }
        chunks.endStep();
    }

    /** The chunks that still lie in passing slots. */
    Wave passed(int index) {
        return waves[index];
    }

    /** How many {@link #passed} there are. */
    int passedCount() {
        return waves.length;
    }
}
