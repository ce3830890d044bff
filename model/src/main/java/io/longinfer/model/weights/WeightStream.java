package io.longinfer.model.weights;

import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.disk.ScratchFile;
import io.longinfer.kvcache.pipeline.Throttle;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * Brings units from host and disk into two staging buffers: the one in use, and the one that will be used next, guessed from
 * what followed last time. One thread moves bytes; all methods are for one other thread at a time.
 */
final class WeightStream implements AutoCloseable {
    static final int SLOTS = 2;
    private static final int NONE = -1;

    /** Large enough for a disk, small enough that what was read is still in the cache when it is checked. */
    private static final int PIECE_BYTES = 1 << 20;

    private final List<WeightUnit> units;
    private final MemorySegment staging;
    private final long slotBytes;
    private final Optional<ScratchFile> file;
    private final Throttle disk;
    private final Throttle link;

    /** {@code [units]}: which unit was used after each. */
    private final int[] follows;

    /** {@code [units]}: where each is staged or on its way to; written before a unit is queued, read behind. */
    private final int[] slotOf;

    /** {@code [slots]}: what is staged or on its way there. */
    private final int[] staged = new int[SLOTS];

    private final int[] wanted = new int[SLOTS];
    private int current = NONE;

    private final BlockingQueue<Optional<WeightUnit>> requests = new ArrayBlockingQueue<>(SLOTS + 1);
    private final Optional<WeightUnit>[] boxes;
    private final AtomicLong diskBytes = new AtomicLong();
    private final AtomicLong linkBytes = new AtomicLong();
    private final Thread mover;
    private long stalls;
    private long stallNanos;
    private boolean closed;

    /**
     * Starts the thread.
     *
     * @param units in the order of use, placed
     * @param staging {@link #SLOTS} buffers of {@code slotBytes}
     */
    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    WeightStream(
            List<WeightUnit> units,
            MemorySegment staging,
            long slotBytes,
            Optional<ScratchFile> file,
            Throttle disk,
            Throttle link) {
        this.units = List.copyOf(units);
        this.staging = staging;
        this.slotBytes = slotBytes;
        this.file = file;
        this.disk = disk;
        this.link = link;
        int count = units.size();
        follows = new int[count];
        slotOf = new int[count];
        boxes = new Optional[count];
        for (int i = 0; i < count; i++) {
            follows[i] = (i + 1) % count;
            boxes[i] = Optional.of(units.get(i));
        }
        Arrays.fill(slotOf, NONE);
        Arrays.fill(staged, NONE);
        mover = Thread.ofPlatform().daemon().name("longinfer-weights").start(this::move);
    }

    /** Makes a unit the current one and waits for it; returns the buffer where it is staged, 0 if it stays on the device. */
    int use(int unit) {
        if (unit != current) {
            if (current != NONE) {
                follows[current] = unit;
            }
            current = unit;
            ahead();
        }
        return await(unit, units.get(unit).parts());
    }

    /** Waits for the first matrix of a unit behind the current one; returns as {@link #use}. */
    int useFirst(int unit) {
        if (units.get(unit).streamed() && slotOf[unit] == NONE) {
            if (current == NONE) {
                throw new IllegalStateException(units.get(unit).name() + " is asked for, but no layer is in use");
            }
            follows[current] = unit;
            ahead();
        }
        return await(unit, 1);
    }

    /** Lets the buffers hold the current unit and those that will be used next. */
    private void ahead() {
        int count = 0;
        int unit = current;
        for (int step = 0; step < units.size() && count < SLOTS; step++) {
            if (units.get(unit).streamed() && (count == 0 || wanted[0] != unit)) {
                wanted[count++] = unit;
            }
            unit = follows[unit];
        }
        for (int slot = 0; slot < SLOTS; slot++) {
            if (staged[slot] != NONE && !wants(staged[slot], count)) {
                drain(units.get(staged[slot]));
                slotOf[staged[slot]] = NONE;
                staged[slot] = NONE;
            }
        }
        for (int i = 0; i < count; i++) {
            if (slotOf[wanted[i]] == NONE) {
                request(wanted[i], staged[0] == NONE ? 0 : 1);
            }
        }
    }

    private boolean wants(int unit, int count) {
        for (int i = 0; i < count; i++) {
            if (wanted[i] == unit) {
                return true;
            }
        }
        return false;
    }

    private void request(int unit, int slot) {
        staged[slot] = unit;
        slotOf[unit] = slot;
        units.get(unit).expect();
        requests.add(boxes[unit]);
    }

    /** A buffer is not given to another while it is written. */
    private static void drain(WeightUnit unit) {
        awaitUninterrupted(unit, unit.parts());
    }

    private int await(int index, int parts) {
        WeightUnit unit = units.get(index);
        if (!unit.streamed()) {
            return 0;
        }
        long start = System.nanoTime();
        if (awaitUninterrupted(unit, parts)) {
            stalls++;
            stallNanos += System.nanoTime() - start;
        }
        int slot = slotOf[index];
        try {
            unit.check();
        } catch (RuntimeException e) {
            // Nothing staged, so that another try reads again.
            staged[slot] = NONE;
            slotOf[index] = NONE;
            current = NONE;
            throw e;
        }
        return slot;
    }

    private static boolean awaitUninterrupted(WeightUnit unit, int parts) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return unit.await(parts);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void move() {
        try {
            for (Optional<WeightUnit> unit = requests.take(); unit.isPresent(); unit = requests.take()) {
                try {
                    move(unit.get());
                } catch (RuntimeException e) {
                    unit.get().failed(e);
                } catch (Error e) {
                    unit.get().failed(new IllegalStateException(unit.get().name() + " could not be moved", e));
                }
            }
        } catch (InterruptedException e) {
            // Nobody interrupts this thread; should someone, those who wait must learn of it.
            units.forEach(unit -> unit.failed(new IllegalStateException("the thread that moves weights was stopped")));
        }
    }

    private void move(WeightUnit unit) {
        long base = slotOf[unit.index()] * slotBytes;
        CRC32C crc = new CRC32C();
        for (int part = 0; part < unit.parts(); part++) {
            long bytes = unit.source(part).data().byteSize();
            crc.reset();
            for (long done = 0; done < bytes; done += PIECE_BYTES) {
                int piece = (int) Math.min(PIECE_BYTES, bytes - done);
                long target = base + unit.offset(part) + done;
                if (unit.tier() == Tier.DISK) {
                    read(unit, part, done, piece, target, crc);
                } else {
                    MemorySegment.copy(unit.memory(), unit.offset(part) + done, staging, target, piece);
                }
                link.await(link.reserve(piece));
                linkBytes.addAndGet(piece);
            }
            if (unit.tier() == Tier.DISK && (int) crc.getValue() != unit.checksum(part)) {
                throw file.orElseThrow()
                        .corruption(unit.filePosition(part), unit.source(part).name(), unit.checksum(part), (int)
                                crc.getValue());
            }
            unit.arrived();
        }
    }

    private void read(WeightUnit unit, int part, long done, int piece, long target, CRC32C crc) {
        ScratchFile from = file.orElseThrow();
        int whole = (int) WeightUnit.padded(piece, from.alignmentBytes());
        long due = disk.reserve(whole);
        from.read(
                staging,
                target,
                whole,
                unit.filePosition(part) + done,
                unit.source(part).name());
        crc.update(staging.asSlice(target, piece).asByteBuffer());
        disk.await(due);
        diskBytes.addAndGet(whole);
    }

    /** Counts bytes that another thread moved. */
    void count(long fromDisk, long overLink) {
        diskBytes.addAndGet(fromDisk);
        linkBytes.addAndGet(overLink);
    }

    long diskBytes() {
        return diskBytes.get();
    }

    long linkBytes() {
        return linkBytes.get();
    }

    long stalls() {
        return stalls;
    }

    long stallNanos() {
        return stallNanos;
    }

    /** Ends the thread, after what it is moving. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        requests.add(Optional.empty());
        boolean interrupted = false;
        while (mover.isAlive()) {
            try {
                mover.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
