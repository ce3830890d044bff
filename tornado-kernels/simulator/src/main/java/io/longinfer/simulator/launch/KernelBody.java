package io.longinfer.simulator.launch;

/** A kernel's method, called with the parameters of one work-item. */
@FunctionalInterface
public interface KernelBody {
    /** Runs one work-item. */
    void run(Object[] arguments) throws Throwable;
}
