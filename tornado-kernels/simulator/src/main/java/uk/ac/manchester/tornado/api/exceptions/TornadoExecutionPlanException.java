package uk.ac.manchester.tornado.api.exceptions;

/** A plan that cannot be closed. */
public class TornadoExecutionPlanException extends Exception {
    /** With what happened. */
    public TornadoExecutionPlanException(String message) {
        super(message);
    }

    /** With what happened and why. */
    public TornadoExecutionPlanException(String message, Throwable cause) {
        super(message, cause);
    }
}
