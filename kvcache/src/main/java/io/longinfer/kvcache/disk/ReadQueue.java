package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.pipeline.Throttle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The batches of all stores, first come first served, cut into operations for the I/O threads. An operation reads records
 * that follow each other, and over gaps between them of at most {@code bridgeBytes}. What has arrived and is not delivered yet
 * waits here too, so that whoever waits for a batch can help: one thread may read faster than it can decode. Thread-safe.
 */
final class ReadQueue {
    /** No operation. */
    static final int NONE = -1;

    /** A wait shorter than this is cheaper spun than slept. */
    private static final long SPIN_NANOS = 10_000;

    /** The same where whoever waits can help, and would come too late if he slept: longer than a fast disk takes. */
    private static final long SPIN_TO_HELP_NANOS = 200_000;

    /** Arrivals that are worth waking someone for who sleeps until his batch is complete. */
    private static final int WORTH_WAKING = 4;

    private final ReadOperation[] operations;
    private final BufferRing ring;
    private final int largestBytes;
    private final int bridgeBytes;
    private final int alignmentBytes;
    private final Throttle throttle;

    private volatile long spinNanos = SPIN_NANOS;

    // Guarded by this.
    private final int[] free;
    private int freeCount;
    private final int[] arrived;
    private int arrivedFirst;
    private volatile int arrivedCount;
    private Thread sleeper = Thread.currentThread();
    private boolean someoneSleeps;
    private final ArrayDeque<ReadBatch> batches = new ArrayDeque<>();
    private Runnable waker = this::notifyAll;
    private boolean idle;
    private boolean cramped;
    private int inFlight;
    private long busySince;
    private long busyNanos;
    private RuntimeException refusal;

    /**
     * An empty queue.
     *
     * @param buffer aligned memory for what is being read, owned by the caller
     * @param depth most operations in flight
     */
    ReadQueue(MemorySegment buffer, int depth, DiskIo.Options options) {
        ring = new BufferRing(buffer.byteSize(), depth);
        operations = new ReadOperation[depth];
        free = new int[depth];
        arrived = new int[depth];
        for (int i = 0; i < depth; i++) {
            operations[i] = new ReadOperation(i, buffer);
            free[freeCount++] = i;
        }
        largestBytes = options.largestBytes();
        bridgeBytes = options.bridgeBytes();
        alignmentBytes = options.alignmentBytes();
        throttle = options.throttle();
    }

    /** An operation by its number. */
    ReadOperation operation(int index) {
        return operations[index];
    }

    /**
     * Sets what is run, under the monitor, when work comes for a reader that found none, and has others spin longer for what it
     * leaves to them with {@link #arrived}.
     */
    synchronized void wakeWith(Runnable action) {
        waker = action;
        spinNanos = SPIN_TO_HELP_NANOS;
    }

    /** Takes a located batch. */
    synchronized void submit(ReadBatch batch) {
        if (refusal != null) {
            throw refusal;
        }
        if (batch.size() == 0) {
            return;
        }
        batch.submitted(this);
        batches.add(batch);
        if (idle) {
            idle = false;
            waker.run();
        }
    }

    /**
     * Takes the next operation and returns its number, or NONE if there is none now: {@link #wakeWith} tells of new work, and
     * of room for it if someone else makes that.
     */
    synchronized int take() {
        ReadBatch batch = batches.peek();
        if (batch == null) {
            idle = true;
            return NONE;
        }
        if (freeCount == 0) {
            cramped = true;
            return NONE;
        }
        int first = batch.firstWaiting();
        int end = runEnd(batch, first);
        int bytes = (int) (batch.end(end - 1) - batch.start(first));
        long piece = ring.take((bytes + alignmentBytes - 1) & -alignmentBytes);
        if (piece == BufferRing.NONE) {
            cramped = true;
            return NONE;
        }
        int index = free[--freeCount];
        operations[index].set(batch, first, end, batch.start(first, end));
        operations[index].place(piece, ring.start(piece), bytes, throttle.limited() ? throttle.reserve(bytes) : 0);
        if (batch.allStarted()) {
            batches.remove();
        }
        batch.store().readsInFlight++;
        if (inFlight++ == 0) {
            busySince = System.nanoTime();
        }
        return index;
    }

    /** Like {@link #take}, but waits; returns NONE once the queue is closed. */
    synchronized int takeOrWait() {
        int[] taken = {NONE};
        Threads.waitUntil(this, () -> (taken[0] = take()) != NONE || refusal != null);
        return taken[0];
    }

    private int runEnd(ReadBatch batch, int first) {
        long start = batch.start(first);
        long reached = batch.end(first);
        int end = first + 1;
        for (int i = end; i < batch.size(); i++) {
            if (batch.waits(i)) {
                long gap = batch.start(i) - reached;
                if (gap < 0 || gap > bridgeBytes || batch.end(i) - start > largestBytes) {
                    break;
                }
                reached = batch.end(i);
                end = i + 1;
            }
        }
        return end;
    }

    /** Takes operations whose bytes are there, to be delivered by whoever comes first. */
    void arrived(int[] indices, int count) {
        Thread helper;
        synchronized (this) {
            for (int i = 0; i < count; i++) {
                arrived[(arrivedFirst + arrivedCount + i) % arrived.length] = indices[i];
            }
            addArrived(count);
            if (!someoneSleeps || arrivedCount < WORTH_WAKING) {
                return;
            }
            helper = sleeper;
            someoneSleeps = false;
        }
        LockSupport.unpark(helper);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written under the monitor only
    private void addArrived(int count) {
        arrivedCount += count;
    }

    /**
     * Delivers an operation that has arrived. Returns whether there was one.
     *
     * @param reader whether this is the thread that takes operations, which need not be told of the room this makes
     */
    boolean deliverNext(boolean reader) {
        if (arrivedCount == 0) {
            return false;
        }
        int index;
        synchronized (this) {
            if (arrivedCount == 0) {
                return false;
            }
            index = arrived[arrivedFirst];
            arrivedFirst = (arrivedFirst + 1) % arrived.length;
            addArrived(-1);
        }
        finish(index, operations[index].deliver(), reader);
        return true;
    }

    /** Whether something has arrived that nobody delivers yet. */
    boolean anyArrived() {
        return arrivedCount > 0;
    }

    /**
     * Ends an operation; its batch fails if there is an error.
     *
     * @param reader see {@link #deliverNext}
     */
    void finish(int index, Optional<RuntimeException> error, boolean reader) {
        ReadOperation operation = operations[index];
        ReadBatch batch = operation.batch();
        synchronized (this) {
            ring.release(operation.piece());
            free[freeCount++] = index;
            if (--inFlight == 0) {
                busyNanos += System.nanoTime() - busySince;
            }
            if (error.isPresent()) { // a lambda that knows the batch would be made for each
                fail(batch, error.get());
            }
            batch.finish(operation.count());
            boolean quiet = --batch.store().readsInFlight == 0;
            if (!reader && (cramped || (refusal != null && inFlight == 0))) {
                waker.run();
            }
            if (cramped || quiet) {
                cramped = false;
                notifyAll(); // threads that wait for room, stores that close
            }
        }
        wake(batch);
    }

    private void fail(ReadBatch batch, RuntimeException error) {
        boolean queued = !batch.allStarted();
        batch.fail(error);
        if (queued) {
            batches.remove(batch);
        }
    }

    private static void wake(ReadBatch batch) {
        if (batch.complete()) {
            Thread waiter = batch.waiter;
            if (waiter != null) {
                LockSupport.unpark(waiter);
            }
        }
    }

    /** Gives up an entry that has not begun. */
    synchronized boolean drop(ReadBatch batch, int index) {
        if (!batch.give(index)) {
            return false;
        }
        if (batch.allStarted()) {
            batches.remove(batch);
        }
        return true;
    }

    /**
     * Waits for a batch and delivers meanwhile what arrives, of whatever batch: first spinning, then asleep. An interrupt is kept
     * for later, as the batch is still written to.
     */
    void await(ReadBatch batch) {
        boolean interrupted = false;
        long idleSince = System.nanoTime();
        while (!batch.complete()) {
            if (deliverNext(false)) {
                idleSince = System.nanoTime();
            } else if (System.nanoTime() - idleSince < spinNanos) {
                Thread.onSpinWait();
            } else {
                sleep(batch);
                interrupted |= Thread.interrupted();
                idleSince = System.nanoTime();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sleeps until the batch is complete, or there is enough to help with. */
    private void sleep(ReadBatch batch) {
        batch.waiter = Thread.currentThread();
        synchronized (this) {
            sleeper = Thread.currentThread();
            someoneSleeps = true;
        }
        if (!batch.complete() && !anyArrived()) {
            LockSupport.park(batch);
        }
        synchronized (this) {
            someoneSleeps &= !sleeper.equals(Thread.currentThread());
        }
        batch.waiter = null;
    }

    /** Fails what a store has waiting, and waits for what it has in flight. */
    synchronized void abandon(DiskStore store, RuntimeException error) {
        for (Iterator<ReadBatch> all = batches.iterator(); all.hasNext(); ) {
            ReadBatch batch = all.next();
            if (batch.store().equals(store)) {
                all.remove();
                batch.fail(error);
                wake(batch);
            }
        }
        Threads.waitUntil(this, () -> store.readsInFlight == 0);
    }

    /** Fails all that waits and whatever comes: the threads end when they see it. */
    synchronized void refuse(RuntimeException error) {
        if (refusal == null) {
            refusal = error;
        }
        for (ReadBatch batch : batches) {
            batch.fail(error);
            wake(batch);
        }
        batches.clear();
        waker.run();
    }

    /** Whether nothing is in flight and nothing more will be. */
    synchronized boolean ended() {
        return refusal != null && inFlight == 0;
    }

    /** Time with at least one operation in flight or in delivery. */
    synchronized long busyNanos() {
        return busyNanos + (inFlight > 0 ? System.nanoTime() - busySince : 0);
    }

    synchronized void resetBusy() {
        busyNanos = 0;
        busySince = System.nanoTime();
    }
}
