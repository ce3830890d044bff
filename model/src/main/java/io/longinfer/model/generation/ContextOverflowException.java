package io.longinfer.model.generation;

/** More tokens were given than a sequence has room for. */
public final class ContextOverflowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ContextOverflowException(int tokens, int more, int contextTokens) {
        super("the context holds " + contextTokens + " tokens, " + tokens + " are in it and " + more
                + " more are given: raise --context or shorten the text");
    }
}
