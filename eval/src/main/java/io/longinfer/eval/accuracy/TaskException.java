package io.longinfer.eval.accuracy;

/** A task cannot be made as asked: too few tokens, or a file that says something else than expected. */
public final class TaskException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** {@code problem} names what was found and what was expected. */
    public TaskException(String problem) {
        super(problem);
    }
}
