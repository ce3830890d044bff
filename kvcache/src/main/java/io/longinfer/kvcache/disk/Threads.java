package io.longinfer.kvcache.disk;

/** Waiting for threads to end. */
final class Threads {
    private Threads() {}

    /** Waits for a thread whatever happens, as its memory is freed next; an interrupt is kept for later. */
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
}
