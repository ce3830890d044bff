package uk.ac.manchester.tornado.api.exceptions;

/** No device of that number. */
public class TornadoDeviceNotFound extends TornadoRuntimeException {
    /** With what happened. */
    public TornadoDeviceNotFound(String message) {
        super(message);
    }
}
