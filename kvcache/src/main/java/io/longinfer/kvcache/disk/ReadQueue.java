package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.pipeline.Throttle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The batches of all stores, first come first served, cut into operations for the I/O threads. An operation reads records
 * that follow each other, and over gaps between them of at most {@code bridgeBytes}. Thread-safe.
 */
final class ReadQueue {
    /** A wait shorter than this is cheaper spun than slept. */
    private static final long SPIN_NANOS = 10_000;

    private final MemorySegment buffer;
    private final BufferRing ring;
    private final int largestBytes;
    private final int bridgeBytes;
    private final int alignmentBytes;
    private final Throttle throttle;

    // Guarded by this.
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
     * @param operations most in flight
     */
    ReadQueue(MemorySegment buffer, int operations, DiskIo.Options options) {
        this.buffer = buffer;
        ring = new BufferRing(buffer.byteSize(), operations);
        largestBytes = options.largestBytes();
        bridgeBytes = options.bridgeBytes();
        alignmentBytes = options.alignmentBytes();
        throttle = options.throttle();
    }

    MemorySegment buffer() {
        return buffer;
    }

    /** Sets what is run, under the monitor, when work comes for threads that found none. */
    synchronized void wakeWith(Runnable action) {
        waker = action;
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
     * Takes the next operation. Returns false if there is none now: {@link #wakeWith} tells of new work, and finished
     * operations make room.
     */
    synchronized boolean take(ReadOperation operation) {
        ReadBatch batch = batches.peek();
        if (batch == null) {
            idle = true;
            return false;
        }
        int first = batch.firstWaiting();
        int end = runEnd(batch, first);
        int bytes = (int) (batch.end(end - 1) - batch.start(first));
        long piece = ring.take((bytes + alignmentBytes - 1) & -alignmentBytes);
        if (piece == BufferRing.NONE) {
            cramped = true;
            return false;
        }
        operation.set(batch, first, end, batch.start(first, end));
        operation.place(piece, ring.start(piece), bytes, throttle.limited() ? throttle.reserve(bytes) : 0);
        if (batch.allStarted()) {
            batches.remove();
        }
        batch.store().readsInFlight++;
        if (inFlight++ == 0) {
            busySince = System.nanoTime();
        }
        return true;
    }

    /** Like {@link #take}, but waits; returns false once the queue is closed. */
    synchronized boolean takeOrWait(ReadOperation operation) {
        boolean[] taken = {false};
        Threads.waitUntil(this, () -> (taken[0] = take(operation)) || refusal != null);
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

    /** Ends an operation; its batch fails if there is an error. */
    void finish(ReadOperation operation, Optional<RuntimeException> error) {
        ReadBatch batch = operation.batch();
        synchronized (this) {
            ring.release(operation.piece());
            if (--inFlight == 0) {
                busyNanos += System.nanoTime() - busySince;
            }
            error.ifPresent(e -> fail(batch, e));
            batch.finish(operation.count());
            boolean quiet = --batch.store().readsInFlight == 0;
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

    /** Waits for a batch: shortly spinning, then asleep. An interrupt is kept for later, as the batch is still written to. */
    void await(ReadBatch batch) {
        long start = System.nanoTime();
        while (!batch.complete() && System.nanoTime() - start < SPIN_NANOS) {
            Thread.onSpinWait();
        }
        if (batch.complete()) {
            return;
        }
        boolean interrupted = false;
        batch.waiter = Thread.currentThread();
        while (!batch.complete()) {
            LockSupport.park(batch);
            interrupted |= Thread.interrupted();
        }
        batch.waiter = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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

    synchronized boolean refuses() {
        return refusal != null;
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
