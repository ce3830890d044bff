package io.longinfer.kvcache.tier;

/** What bytes travel over. What comes from the disk crosses both links. */
public enum Link {
    /** Reads of the file. */
    DISK_TO_HOST("disk->host"),
    /** Chunks that the device does not keep, from host and disk. */
    HOST_TO_DEVICE("host->device"),
    /** Demotions. */
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
