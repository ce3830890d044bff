package io.longinfer.eval.accuracy.ruler;

/** A task of RULER cannot be made as asked: too few tokens, or a file that says something else than expected. */
public final class RulerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** {@code problem} names what was found and what was expected. */
    public RulerException(String problem) {
        super(problem);
    }
}
