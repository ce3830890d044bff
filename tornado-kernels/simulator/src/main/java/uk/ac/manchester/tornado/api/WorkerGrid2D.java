package uk.ac.manchester.tornado.api;

/** A grid of 2 dimensions; not thread-safe. */
public class WorkerGrid2D extends AbstractWorkerGrid {
    public static final int DIM = 2;

    /** A grid of so many work-items. */
    public WorkerGrid2D(int x, int y) {
        super(x, y, 1);
    }

    @Override
    public int dimension() {
        return DIM;
    }
}
