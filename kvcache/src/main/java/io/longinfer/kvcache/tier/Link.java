package io.longinfer.kvcache.tier;

/** What bytes travel over. Reads from the disk pass a small staging buffer in host memory on their way. */
public enum Link {
    /** Reads of the file. */
    DISK_TO_DEVICE("disk->device"),
    /** Promotions and passing chunks. */
    HOST_TO_DEVICE("host->device"),
    /** Demotions, and chunks read from disk that the host keeps. */
    DEVICE_TO_HOST("device->host"),
    /** Writes of the file. */
    HOST_TO_DISK("host->disk");

    private final String label;

    Link(String label) {
        this.label = label;
    }

    /** Its name in reports. */
    public String label() {
        return label;
    }
}
