package io.longinfer.simulator.graph;

import java.util.BitSet;
import java.util.List;

/**
 * Which array parameters a task has written so far.
 *
 * <p>Reads need remembering only where somebody writes. All parameters are remembered at a task's first launch; later only
 * those that a launch before has written, so that weights cost nothing. A first write in a later launch is remembered from
 * then on. Used under the device's lock.
 */
final class TaskHistory {
    private final BitSet writes = new BitSet();
    private boolean launched;

    /** Whether accesses to a parameter's array are to be remembered in the launch that begins. */
    boolean remembers(List<Object> arguments, int parameter) {
        return !launched
                || writes.stream().anyMatch(written -> arguments.get(written).equals(arguments.get(parameter)));
    }

    void written(int parameter) {
        writes.set(parameter);
    }

    boolean writes(int parameter) {
        return writes.get(parameter);
    }

    void launched() {
        launched = true;
    }
}
