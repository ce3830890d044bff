package uk.ac.manchester.tornado.api;

/** How many work-items a kernel has, and how many of them a group; may change between executions. */
public interface WorkerGrid {
    /** 1, 2 or 3. */
    int dimension();

    /** Work-items, by dimension. */
    long[] getGlobalWork();

    /** Work-items of a group, by dimension; null where the runtime chooses. */
    long[] getLocalWork();

    /** Groups, by dimension; null where the runtime chooses. */
    long[] getNumberOfWorkgroups();

    /** The first work-item, by dimension. */
    long[] getGlobalOffset();

    void setGlobalWork(long x, long y, long z);

    void setLocalWork(long x, long y, long z);

    void setNumberOfWorkgroupsToNull();

    void setLocalWorkToNull();

    void setGlobalOffset(long x, long y, long z);
}
