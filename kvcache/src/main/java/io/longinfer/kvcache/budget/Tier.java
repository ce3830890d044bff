package io.longinfer.kvcache.budget;

/** Where a chunk can lie. */
public enum Tier {
    /** The memory of what computes. */
    DEVICE("device", "--device-budget"),
    /** Main memory. */
    HOST("host", "--host-budget"),
    /** A file. */
    DISK("disk", "--disk-budget");

    private final String label;
    private final String option;

    Tier(String label, String option) {
        this.label = label;
        this.option = option;
    }

    /** Its name in reports. */
    public String label() {
        return label;
    }

    /** The option that sets its budget. */
    public String option() {
        return option;
    }
}
