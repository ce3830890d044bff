package io.longinfer.eval.hardware.trace;

import java.nio.file.Path;

/** A file of a trace says something that cannot be used. */
public final class TraceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** {@code problem} names what was found and what was expected. */
    public TraceException(Path file, String problem) {
        super(file + ": " + problem);
    }
}
