package uk.ac.manchester.tornado.api.exceptions;

/** Device memory is spent. */
public class TornadoOutOfMemoryException extends RuntimeException {
    /** With what happened. */
    public TornadoOutOfMemoryException(String message) {
        super(message);
    }
}
