package uk.ac.manchester.tornado.api.exceptions;

/** A graph or plan that is not well formed. */
public class TornadoRuntimeException extends RuntimeException {
    /** With what happened. */
    public TornadoRuntimeException(String message) {
        super(message);
    }

    /** With its cause. */
    public TornadoRuntimeException(Exception cause) {
        super(cause);
    }
}
