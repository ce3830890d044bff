package io.longinfer.eval.report.results;

import java.nio.file.Path;

/** A file of results says something that cannot be used. */
public final class ResultException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** {@code problem} names what was found and what was expected. */
    public ResultException(Path file, String problem) {
        super(file + ": " + problem);
    }

    /** The same, of a line counted from 1. */
    public ResultException(Path file, int line, String problem) {
        this(file, "line " + line + ": " + problem);
    }
}
