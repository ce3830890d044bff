package io.longinfer.kernels.device;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A {@link WorkerPool} for hundreds of short jobs a token: its workers spin for the next job for some tens of
 * microseconds before they park, so that a job that follows soon starts at once and an idle pool burns nothing.
 *
 * <p>The caller never waits for a worker that has not begun: it waits for pieces, and does them itself when no one else
 * has. One thread at a time may call {@link #forEach}; a call from another one, or from inside a piece, is refused. The
 * pool owns its threads, which are daemons; {@link #close} stops them, may be repeated, and may be called by any thread
 * while no job runs.
 */
public final class SpinningWorkerPool implements WorkerPool {
    /** How long a worker looks out for the next job before it parks. */
    private static final long SPIN_NANOS = 60_000;

    /** Spins between two looks at the clock, or between two offers of the processor while waiting for the last pieces. */
    private static final int SPINS_PER_LOOK = 64;

    private static final long REMAINING_MASK = 0xFFFF_FFFFL;

    /**
     * The job's number in the upper half, its unclaimed pieces in the lower one. A piece is claimed by taking one off, so
     * that whoever read an old job's word can never claim a piece of a new one; {@link #task} and {@link #tasks} are read
     * after the claim, and stay as they are until the claimed piece is reported done.
     */
    private final AtomicLong claims = new AtomicLong();

    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicBoolean busy = new AtomicBoolean();
    private final Worker[] workers;

    private Task task = (index, worker) -> {};
    private int tasks;
    private volatile boolean closed;

    /**
     * Starts {@code threads - 1} daemon threads, named {@code name-1} and so on; the caller is worker 0.
     *
     * @throws IllegalArgumentException if {@code threads} is less than 1
     */
    public SpinningWorkerPool(String name, int threads) {
        Objects.requireNonNull(name);
        if (threads < 1) {
            throw new IllegalArgumentException("a pool needs at least 1 thread, but " + threads + " are asked for");
        }
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(name, i + 1);
        }
        for (Worker worker : workers) {
            worker.thread.start();
        }
    }

    @Override
    public int threads() {
        return workers.length + 1;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the pool is closed or a job is running
     */
    @Override
    public void forEach(int tasks, Task task) {
        Objects.requireNonNull(task);
        if (tasks < 0) {
            throw new IllegalArgumentException("a job has 0 pieces or more, not " + tasks);
        }
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("one job at a time: the pool is running another");
        }
        try {
            if (closed) {
                throw new IllegalStateException("the pool is closed");
            }
            if (tasks <= 1 || workers.length == 0) {
                for (int index = 0; index < tasks; index++) {
                    task.run(index, 0);
                }
                return;
            }
            share(tasks, task);
        } finally {
            busy.set(false);
        }
    }

    private void share(int tasks, Task task) {
        this.task = task;
        this.tasks = tasks;
        unfinished.set(tasks);
        claims.set(((claims.get() >>> 32) + 1) << 32 | tasks);
        int helpers = Math.min(workers.length, tasks - 1);
        for (int i = 0; i < helpers; i++) {
            workers[i].wake();
        }
        work(0);
        awaitTheRest();
        Throwable thrown = failure.getAndSet(null);
        switch (thrown) {
            case null -> {}
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            default -> throw new IllegalStateException("a piece threw a checked exception", thrown);
        }
    }

    // The last piece's worker may be waiting for this very processor: a hint to the scheduler is what is wanted.
    @SuppressWarnings("ThreadPriorityCheck")
    private void awaitTheRest() {
        int spins = 0;
        while (unfinished.get() != 0) {
            if (++spins % SPINS_PER_LOOK == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** Claims pieces and does them until none is left. */
    private void work(int worker) {
        int done = 0;
        while (true) {
            long word = claims.get();
            int remaining = (int) (word & REMAINING_MASK);
            if (remaining == 0) {
                break;
            }
            if (claims.compareAndSet(word, word - 1)) {
                run(tasks - remaining, worker);
                done++;
            }
        }
        if (done > 0) {
            unfinished.addAndGet(-done);
        }
    }

    private void run(int index, int worker) {
        if (failure.get() != null) {
            return;
        }
        try {
            task.run(index, worker);
        } catch (Throwable thrown) {
            failure.compareAndSet(null, thrown);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker.thread);
        }
        boolean interrupted = false;
        for (Worker worker : workers) {
            while (worker.thread.isAlive()) {
                try {
                    worker.thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One thread and whether it sleeps. */
    private final class Worker implements Runnable {
        private final Thread thread;
        private final int number;
        private volatile boolean parked;

        Worker(String name, int number) {
            this.number = number;
            thread = Thread.ofPlatform().daemon().name(name + "-" + number).unstarted(this);
        }

        void wake() {
            if (parked) {
                parked = false;
                LockSupport.unpark(thread);
            }
        }

        @Override
        public void run() {
            while (!closed) {
                work(number);
                if (!spin()) {
                    sleep();
                }
            }
        }

        private boolean idle() {
            return (claims.get() & REMAINING_MASK) == 0 && !closed;
        }

        /** Looks out for work for a while, and says whether there is some. */
        private boolean spin() {
            long start = System.nanoTime();
            do {
                for (int i = 0; i < SPINS_PER_LOOK; i++) {
                    if (!idle()) {
                        return true;
                    }
                    Thread.onSpinWait();
                }
            } while (System.nanoTime() - start < SPIN_NANOS);
            return false;
        }

        /** Sleeps until there is work. The flag goes up before the last look, so that no job is missed. */
        private void sleep() {
            parked = true;
            while (parked && idle()) {
                LockSupport.park(SpinningWorkerPool.this);
            }
            parked = false;
        }
    }
}
