package io.longinfer.eval.hardware.machine;

/** A machine is unknown, or its description says something that cannot be used. */
public final class MachineException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** {@code problem} names what was found and what was expected. */
    public MachineException(String source, String problem) {
        super(source + ": " + problem);
    }
}
