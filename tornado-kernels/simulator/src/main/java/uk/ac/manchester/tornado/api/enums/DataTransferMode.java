package uk.ac.manchester.tornado.api.enums;

/** When an array travels between host and device. */
public final class DataTransferMode {
    /** To the device, once: at the first execution of the graph. */
    public static final int FIRST_EXECUTION = 0;

    /** At every execution of the graph. */
    public static final int EVERY_EXECUTION = 1;

    /** To the host, when the result is asked for it; to the device, never: the array is only allocated. */
    public static final int UNDER_DEMAND = 2;

    private DataTransferMode() {}
}
