package uk.ac.manchester.tornado.api.exceptions;

/** No backend of that number. */
public class TornadoBackendNotFound extends TornadoRuntimeException {
    /** With what happened. */
    public TornadoBackendNotFound(String message) {
        super(message);
    }
}
