package uk.ac.manchester.tornado.api.exceptions;

/** A device buffer is not as it should be. */
public class TornadoMemoryException extends RuntimeException {
    /** With what happened. */
    public TornadoMemoryException(String message) {
        super(message);
    }
}
