package uk.ac.manchester.tornado.api.exceptions;

/** A task that is not well formed, such as a name given twice. */
public class TornadoTaskRuntimeException extends RuntimeException {
    /** With what happened. */
    public TornadoTaskRuntimeException(String message) {
        super(message);
    }

    /** With what happened and why. */
    public TornadoTaskRuntimeException(String message, Exception cause) {
        super(message, cause);
    }
}
