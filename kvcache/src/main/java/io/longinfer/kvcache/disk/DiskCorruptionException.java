package io.longinfer.kvcache.disk;

import java.nio.file.Path;

/** What the disk gave back is not what was written. */
public final class DiskCorruptionException extends DiskException {
    private final long offset;
    private final String field;
    private final String expected;
    private final String found;

    DiskCorruptionException(Path file, long offset, String field, String expected, String found) {
        super(file, file + ", offset " + offset + ": " + field + " is " + found + ", expected " + expected);
        this.offset = offset;
        this.field = field;
        this.expected = expected;
        this.found = found;
    }

    /** Where, in bytes from the file's start. */
    public long offset() {
        return offset;
    }

    /** What was read: a chunk with its layer and KV head, or a field of the header. */
    public String field() {
        return field;
    }

    /** What should have been there. */
    public String expected() {
        return expected;
    }

    /** What was there. */
    public String found() {
        return found;
    }
}
