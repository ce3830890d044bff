package io.longinfer.kernels.device.tornado;

/** TornadoVM is not there, does not start, or has not the device that is asked for. */
public final class TornadoUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public TornadoUnavailableException(String message) {
        super(message);
    }

    public TornadoUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
