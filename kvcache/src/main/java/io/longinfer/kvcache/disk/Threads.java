package io.longinfer.kvcache.disk;

import java.util.function.BooleanSupplier;

/** Waiting that an interrupt does not end, as memory is freed next; an interrupt is kept for later. */
final class Threads {
    private Threads() {}

    /** Waits for a thread to end. */
    static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits on a monitor that the caller holds until a condition holds, asked at each notification. */
    static void waitUntil(Object monitor, BooleanSupplier condition) {
        boolean interrupted = false;
        while (!condition.getAsBoolean()) {
            try {
                monitor.wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
