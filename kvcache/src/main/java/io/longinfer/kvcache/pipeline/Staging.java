package io.longinfer.kvcache.pipeline;

import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.codec.ChunkCodec;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.disk.ReadBatch;
import io.longinfer.kvcache.tier.ChunkTable;
import io.longinfer.kvcache.tier.HostTier;
import io.longinfer.kvcache.tier.Residency;
import io.longinfer.kvcache.tier.SlotMap;
import io.longinfer.kvcache.tier.TierCounters;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/**
 * Moves chunks into passing slots of the device: records of the host are decoded by the workers, those of the disk by the I/O
 * threads as they arrive, which leave a copy of the record in a passing slot of the host. Keeps account of the slots.
 *
 * <p>Used by one thread, {@link #deliver} apart. A record's bytes are the same wherever it lies, so it does not matter which
 * copy is used.
 */
public final class Staging implements Unit.Deliverer {
    /** Fewer copies than this are not worth waking the workers for. */
    private static final int PARALLEL_COPIES = 8;

    private final ChunkTable chunks;
    private final Residency residency;
    private final ChunkCodec codec;
    private final Optional<DiskStore> disk;
    private final WorkerPool workers;
    private final CodecPolicy policy;
    private final Throttle link;
    private final TierCounters counters;
    private final int slots;
    private final boolean keepsRecords;
    private final int chunkBytes;
    private final WorkerPool.Task copyTask = this::copy;
    private final ThreadLocal<MemorySegment> scratch;

    private int leased;

    // Copies from the host that are to be made: pairs of a chunk's host slot and the device slot that receives it.
    private int[] copyFrom = new int[64];
    private int[] copyTo = new int[64];
    private int copies;

    /** Reserved on the link for what arrived from the disk, as a {@link System#nanoTime}. */
    private volatile long arrivalsDue;

    /**
     * Staging for one sequence.
     *
     * @param slots passing slots of the device
     * @param keepsRecords whether records of the disk may stay in the host, which then has as many passing slots
     * @param link carries what goes to the device
     */
    public Staging(
            ChunkTable chunks,
            Residency residency,
            ChunkCodec codec,
            Optional<DiskStore> disk,
            WorkerPool workers,
            CodecPolicy policy,
            Throttle link,
            int slots,
            boolean keepsRecords,
            TierCounters counters) {
        this.chunks = chunks;
        this.residency = residency;
        this.codec = codec;
        this.disk = disk;
        this.workers = workers;
        this.policy = policy;
        this.link = link;
        this.slots = slots;
        this.keepsRecords = keepsRecords;
        this.counters = counters;
        chunkBytes = residency.pool().layout().sizeBytes();
        scratch = ThreadLocal.withInitial(() -> MemorySegment.ofArray(new short[chunkBytes / Short.BYTES]));
    }

    /** Passing slots of the device. */
    int slots() {
        return slots;
    }

    /** Passing slots of the device that are in use. */
    int leased() {
        return leased;
    }

    /** Adds a chunk that the device does not keep to a unit. */
    int add(Unit unit, int id, boolean mayStay) {
        int entry = unit.add(id, lease(), true);
        int hostSlot = residency.host().slot(id);
        if (hostSlot != SlotMap.NONE) {
            counters.hostHits++;
            noteCopy(hostSlot, unit.deviceSlots[entry]);
            return entry;
        }
        counters.hostMisses++;
        boolean prefix = mayStay && policy.prefixOnly(chunks, id);
        unit.coarse[entry] = prefix;
        unit.hostSlots[entry] = mayStay && !prefix ? leaseHost() : SlotMap.NONE;
        read(unit.batch, id, entry, prefix);
        return entry;
    }

    /** Whether bringing a chunk early saves waiting: a copy from the host takes its time whenever it is made, unless a link is emulated. */
    boolean worthReadingAhead(int id) {
        return link.limited() || !residency.host().holds(id);
    }

    /** Adds a chunk that the device does not keep to what is read ahead. */
    int add(ReadAhead ahead, int id, boolean mayStay) {
        int hostSlot = residency.host().slot(id);
        if (hostSlot != SlotMap.NONE) {
            int entry = ahead.add(id, lease(), SlotMap.NONE, false);
            noteCopy(hostSlot, ahead.deviceSlots[entry]);
            return entry;
        }
        boolean prefix = mayStay && policy.prefixOnly(chunks, id);
        int entry = ahead.add(id, lease(), mayStay && !prefix ? leaseHost() : SlotMap.NONE, prefix);
        ahead.reads[entry] = read(ahead.batch, id, entry, prefix);
        return entry;
    }

    private int read(ReadBatch batch, int id, int tag, boolean prefix) {
        // Ids and the blocks of chunks count alike.
        return prefix ? batch.addPrefix(id, tag) : batch.add(id, tag);
    }

    private int lease() {
        leased++;
        return residency.device().lease();
    }

    private int leaseHost() {
        // Never more than of the device, and so there always is one: what stays in the host does not depend on guesses.
        return keepsRecords ? residency.host().lease() : SlotMap.NONE;
    }

    private void noteCopy(int from, int to) {
        if (copies == copyFrom.length) {
            copyFrom = Arrays.copyOf(copyFrom, 2 * copies);
            copyTo = Arrays.copyOf(copyTo, 2 * copies);
        }
        copyFrom[copies] = from;
        copyTo[copies++] = to;
    }

    /** Starts the reads of a unit and makes its copies. */
    void send(Unit unit) {
        submit(unit.batch);
        unit.linkDue = copyFromHost();
    }

    /** Starts the reads of what is read ahead and makes its copies. */
    void send(ReadAhead ahead) {
        submit(ahead.batch);
        ahead.linkDue = copyFromHost();
    }

    private void submit(ReadBatch batch) {
        if (batch.size() > 0) {
            disk.orElseThrow().submit(batch);
        }
    }

    private long copyFromHost() {
        if (copies == 0) {
            return 0;
        }
        long start = System.nanoTime();
        long bytes = 0;
        for (int i = 0; i < copies; i++) {
            bytes += residency.records().bytes(copyFrom[i]);
        }
        if (copies < PARALLEL_COPIES) {
            for (int i = 0; i < copies; i++) {
                copy(i, 0);
            }
        } else {
            workers.forEach(copies, copyTask);
        }
        counters.hostToDeviceNanos += System.nanoTime() - start;
        counters.hostToDeviceBytes += bytes;
        counters.hostToDeviceOperations += copies;
        copies = 0;
        return link.limited() ? link.reserve(bytes) : 0;
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void copy(int index, int worker) {
        HostTier records = residency.records();
        int slot = copyFrom[index];
        decode(copyTo[index], records.memory(), records.offset(slot), records.prefixBytes(slot), records.bytes(slot));
    }

    private void decode(int deviceSlot, MemorySegment record, long offset, int prefixBytes, int bytes) {
        KvPool pool = residency.pool();
        Optional<MemorySegment> mapped = pool.mapped();
        if (mapped.isPresent()) {
            codec.decode(record, offset, prefixBytes, bytes, mapped.get(), (long) deviceSlot * chunkBytes);
        } else {
            codec.decode(record, offset, prefixBytes, bytes, scratch.get(), 0);
            pool.write(deviceSlot, scratch.get(), 0);
        }
    }

    /** A record has come from the disk. */
    @Override
    public void deliver(int deviceSlot, int hostSlot, MemorySegment source, long offset, int prefixLength, int length) {
        if (hostSlot != SlotMap.NONE) {
            residency.records().write(hostSlot, source, offset, prefixLength, length);
        }
        decode(deviceSlot, source, offset, prefixLength, length);
        counters.arrived(length);
        if (link.limited()) {
            long due = link.reserve(length);
            synchronized (this) {
                arrivalsDue = Math.max(arrivalsDue, due);
            }
        }
    }

    /** Waits until all chunks of a unit are there. */
    void await(Unit unit) {
        await(unit.batch, unit.linkDue);
    }

    /** Waits until all that was read ahead is there, and gives slots back that nobody wants. */
    void await(ReadAhead ahead) {
        await(ahead.batch, ahead.linkDue);
        giveBackUnwanted(ahead);
    }

    private void giveBackUnwanted(ReadAhead ahead) {
        for (int entry = 0; entry < ahead.size; entry++) {
            if (ahead.unwanted[entry]) {
                ahead.unwanted[entry] = false;
                giveBack(ahead.deviceSlots[entry], ahead.hostSlots[entry]);
            }
        }
    }

    /** Waits until nothing more comes for a unit, without a look at what went wrong. */
    void awaitEnd(Unit unit) {
        disk.ifPresent(store -> store.awaitEnd(unit.batch));
    }

    /** Waits until nothing more comes of what was read ahead, without a look at what went wrong. */
    void awaitEnd(ReadAhead ahead) {
        disk.ifPresent(store -> store.awaitEnd(ahead.batch));
        giveBackUnwanted(ahead);
    }

    /** Forgets copies that an error kept from being made. */
    void dropCopies() {
        copies = 0;
    }

    private void await(ReadBatch batch, long linkDue) {
        boolean read = batch.size() > 0;
        if (read) {
            disk.orElseThrow().await(batch);
        }
        if (link.limited()) {
            long start = System.nanoTime();
            link.await(read ? Math.max(linkDue, arrivalsDue) : linkDue);
            counters.linkStallNanos += System.nanoTime() - start;
        }
    }

    /** Notes that nobody wants an entry that was read ahead; its slots are given back as soon as that is safe. */
    void unwanted(ReadAhead ahead, int entry) {
        ahead.held[entry] = false;
        int read = ahead.reads[entry];
        if (read == SlotMap.NONE || ahead.batch.drop(read)) {
            giveBack(ahead.deviceSlots[entry], ahead.hostSlots[entry]);
        } else {
            ahead.unwanted[entry] = true;
        }
    }

    private void giveBack(int deviceSlot, int hostSlot) {
        residency.device().giveBack(deviceSlot);
        leased--;
        giveBackHost(hostSlot);
    }

    private void giveBackHost(int hostSlot) {
        if (hostSlot != SlotMap.NONE) {
            residency.host().giveBack(hostSlot);
        }
    }

    /** Lets chunks of a unit stay where they deserve to. */
    void admit(Unit unit) {
        for (int entry = 0; entry < unit.size; entry++) {
            if (unit.passing[entry] && !unit.coarse[entry]) {
                residency.admit(unit.ids[entry], unit.deviceSlots[entry], unit.hostSlots[entry]);
                if (residency.leftDeviceSlot() == SlotMap.NONE) {
                    leased--;
                    unit.passing[entry] = false;
                    unit.passingCount--;
                } else {
                    unit.deviceSlots[entry] = residency.leftDeviceSlot();
                }
                unit.hostSlots[entry] = residency.leftHostSlot();
            }
        }
    }

    /** Gives back the slots of a unit's passing chunks. */
    void release(Unit unit) {
        for (int entry = 0; entry < unit.size; entry++) {
            if (unit.passing[entry]) {
                unit.passing[entry] = false;
                residency.device().giveBack(unit.deviceSlots[entry]);
                leased--;
            }
            giveBackHost(unit.hostSlots[entry]);
            unit.hostSlots[entry] = SlotMap.NONE;
        }
        unit.passingCount = 0;
    }
}
