package uk.ac.manchester.tornado.api.exceptions;

/** The device has no half precision. */
public class TornadoDeviceFP16NotSupported extends RuntimeException {
    /** With what happened. */
    public TornadoDeviceFP16NotSupported(String message) {
        super(message);
    }
}
