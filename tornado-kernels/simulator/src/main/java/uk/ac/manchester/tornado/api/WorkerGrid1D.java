package uk.ac.manchester.tornado.api;

/** A grid of 1 dimension; not thread-safe. */
public class WorkerGrid1D extends AbstractWorkerGrid {
    public static final int DIM = 1;

    /** A grid of so many work-items. */
    public WorkerGrid1D(int x) {
        super(x, 1, 1);
    }

    @Override
    public int dimension() {
        return DIM;
    }
}
