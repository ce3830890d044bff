package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** The disk tier cannot do what it must: the directory is not writable, the disk is full, a read failed. */
public class DiskException extends UncheckedIOException {
    private final String file;

    DiskException(Path file, String message, IOException cause) {
        this(file.toString(), message, cause);
    }

    DiskException(String file, String message, IOException cause) {
        super(message, cause);
        this.file = file;
    }

    DiskException(Path file, String message) {
        this(file, message, new IOException(message));
    }

    /** The file or directory, or what else is missing. */
    public String file() {
        return file;
    }
}
