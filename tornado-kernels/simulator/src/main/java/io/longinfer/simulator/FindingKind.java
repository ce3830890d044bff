package io.longinfer.simulator;

/** What the checker finds. */
public enum FindingKind {
    /** An index outside an array, or outside the bytes of a range. */
    OUT_OF_BOUNDS,
    /** A read of device or local memory that nobody wrote. */
    NEVER_WRITTEN,
    /** Work-items of a group that wait at different barriers, or end while others wait. */
    BARRIER_DIVERGENCE,
    /** Lanes of a warp of which not all reach the same warp operation. */
    WARP_DIVERGENCE,
    /** Two work-items of a group touch an element with no barrier between, and one writes. */
    RACE_IN_GROUP,
    /** Two groups of a launch touch an element, one writes, and not both atomically. */
    RACE_BETWEEN_GROUPS,
    /** A kernel is given an array that its graph does not declare. */
    UNDECLARED_ARRAY,
    /** An array is consumed from a graph that does not hold it, or that was not executed just before. */
    NOT_ON_DEVICE,
    /** The same task over the same arrays is built again and again with other numbers, which are compiled in. */
    BAKED_PARAMETER,
    /** The host changed an array that travels at the first execution only, after it. */
    HOST_WRITE_LOST,
    /** The host reads an element that a kernel has written and that did not travel back. */
    HOST_READ_STALE,
    /** A transfer of a whole array after one of a range: TornadoVM would copy the range's length only. */
    WHOLE_AFTER_RANGE,
    /** A plan is closed so that device memory stays taken, or is freed twice. */
    BAD_CLOSE,
    /** A shift or division that OpenCL or PTX computes otherwise than Java. */
    SHIFT_OF_NEGATIVE,
    /** A kernel's code that TornadoVM refuses or compiles wrongly. */
    DOES_NOT_COMPILE,
    /** More local memory, or larger groups, than the device has. */
    DEVICE_LIMIT
}
