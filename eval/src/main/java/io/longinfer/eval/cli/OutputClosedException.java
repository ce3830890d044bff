package io.longinfer.eval.cli;

/** Nobody reads the results any more, as when a pipe into {@code head} ends: no failure, but no reason to go on. */
final class OutputClosedException extends RuntimeException {
    OutputClosedException() {
        super("the output is closed", null, false, false);
    }
}
