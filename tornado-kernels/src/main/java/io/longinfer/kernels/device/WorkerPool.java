package io.longinfer.kernels.device;

/**
 * Threads that share the pieces of one job after another. One thread calls {@link #forEach} at a time and works along as
 * worker 0.
 */
public interface WorkerPool extends AutoCloseable {
    /** A job, cut in pieces. */
    @FunctionalInterface
    interface Task {
        /**
         * Does one piece.
         *
         * @param index the piece, from 0
         * @param worker the thread that does it, 0 to {@code threads() - 1}, for scratch of its own
         */
        void run(int index, int worker);
    }

    /** Threads that work, the caller's among them. */
    int threads();

    /**
     * Runs pieces 0 to {@code tasks - 1}, in any order, and returns when all are done. What the pieces wrote is visible to
     * the caller, what the caller wrote before is visible to them. The first exception of a piece is thrown here, when
     * every thread has stopped.
     */
    void forEach(int tasks, Task task);

    @Override
    void close();

    /** A pool of the calling thread alone. */
    static WorkerPool sequential() {
        return new WorkerPool() {
            @Override
            public int threads() {
                return 1;
            }

            @Override
            public void forEach(int tasks, Task task) {
                for (int index = 0; index < tasks; index++) {
                    task.run(index, 0);
                }
            }

            @Override
            public void close() {}
        };
    }
}
