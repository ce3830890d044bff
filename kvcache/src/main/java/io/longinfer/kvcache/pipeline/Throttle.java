package io.longinfer.kvcache.pipeline;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A model of a link that moves a number of bytes a second, one transfer after the other: who moves data over it reserves the
 * bytes, and lets nobody use them before the time that comes back. Thread-safe.
 */
public final class Throttle {
    /** A parked thread wakes up to some 60 us late (the kernel's timer slack): the rest of the wait is spun. */
    private static final long LATE_NANOS = 80_000;

    private static final Throttle UNLIMITED = new Throttle(Long.MAX_VALUE);

    private final long bytesPerSecond;
    private final double nanosPerByte;

    /** When the link is free again, as a {@link System#nanoTime}. */
    private final AtomicLong free = new AtomicLong(System.nanoTime());

    private Throttle(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
        nanosPerByte = 1e9 / bytesPerSecond;
    }

    /** A link that costs nothing. */
    public static Throttle unlimited() {
        return UNLIMITED;
    }

    /**
     * A link of so many bytes a second, free now.
     *
     * @throws IllegalArgumentException if the rate is not positive
     */
    public static Throttle ofBytesPerSecond(long bytesPerSecond) {
        if (bytesPerSecond <= 0) {
            throw new IllegalArgumentException("a link moves some bytes a second, not " + bytesPerSecond);
        }
        return new Throttle(bytesPerSecond);
    }

    /** Whether waiting is ever needed. */
    public boolean limited() {
        return bytesPerSecond != Long.MAX_VALUE;
    }

    /** Bytes a second, {@link Long#MAX_VALUE} without limit. */
    public long bytesPerSecond() {
        return bytesPerSecond;
    }

    /** Returns the {@link System#nanoTime} at which a transfer handed over now is finished, after those handed over before. */
    public long reserve(long bytes) {
        long now = System.nanoTime();
        if (!limited()) {
            return now;
        }
        long takes = (long) (bytes * nanosPerByte);
        while (true) {
            long before = free.get();
            long due = (before - now > 0 ? before : now) + takes;
            if (free.compareAndSet(before, due)) {
                return due;
            }
        }
    }

    /** Waits until {@link System#nanoTime} is {@code nanoTime}, to some 20 us; an interrupt is kept and does not shorten it. */
    public void await(long nanoTime) {
        if (!limited()) {
            return;
        }
        boolean interrupted = false;
        long left = nanoTime - System.nanoTime();
        while (left > 0) {
            if (left > LATE_NANOS) {
                LockSupport.parkNanos(this, left - LATE_NANOS);
                interrupted |= Thread.interrupted();
            } else {
                Thread.onSpinWait();
            }
            left = nanoTime - System.nanoTime();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
