package uk.ac.manchester.tornado.api.exceptions;

/** The device has no matrix units. */
public class TornadoDeviceMMANotSupported extends RuntimeException {
    /** With what happened. */
    public TornadoDeviceMMANotSupported(String message) {
        super(message);
    }
}
