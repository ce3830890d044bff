package io.longinfer.simulator;

import java.io.Serial;

/**
 * A fault of a kernel or of a graph that a device would answer with wrong numbers rather than with an error.
 *
 * <p>The message names kernel, array, index and work-items as far as they are known; the stack trace leads to the kernel's line.
 */
public final class Finding extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final FindingKind kind;

    /** A finding and what it is about. */
    public Finding(FindingKind kind, String message) {
        super(kind + ": " + message);
        this.kind = kind;
    }

    /** What was found. */
    public FindingKind kind() {
        return kind;
    }
}
