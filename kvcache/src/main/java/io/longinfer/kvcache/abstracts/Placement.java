package io.longinfer.kvcache.abstracts;

/** Where the abstracts of a layer lie. */
public enum Placement {
    /** Nowhere: the layer attends everything. */
    NONE,
    /** In the device's budget. */
    DEVICE,
    /** In the host's. */
    HOST,
    /** In the file, read at each step. */
    DISK
}
