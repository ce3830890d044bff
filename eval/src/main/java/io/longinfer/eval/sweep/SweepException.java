package io.longinfer.eval.sweep;

import java.nio.file.Path;

/** A sweep's file or its results say something that cannot be used. */
public final class SweepException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** {@code problem} names what was found and what was expected. */
    public SweepException(Path file, String problem) {
        super(file + ": " + problem);
    }
}
