package io.longinfer.kvcache.disk;

/** Whether the disk tier goes around the page cache. */
public enum DirectIo {
    /** Direct where the file system allows it, else through the page cache; {@link DiskStore#directIo()} says which. */
    AUTO,
    /** Direct, or an error. */
    REQUIRED,
    /** Through the page cache. */
    OFF
}
