package uk.ac.manchester.tornado.api.exceptions;

/** A kernel that does not compile for the device; the simulator throws it for kernels it cannot read. */
public class TornadoBailoutRuntimeException extends RuntimeException {
    /** With what happened. */
    public TornadoBailoutRuntimeException(String message) {
        super(message);
    }

    /** With what happened and why. */
    public TornadoBailoutRuntimeException(String message, Exception cause) {
        super(message, cause);
    }
}
