package io.longinfer.simulator.graph;

import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A kernel and its parameters, as they were when it was added to its graph.
 *
 * @param name the task's name with its graph's: {@code graph.task}
 * @param code the method reference or lambda
 * @param arguments arrays, a kernel's context, boxed numbers
 */
record TaskCall(String name, Object code, List<Object> arguments) {
    /** A parameter in words. */
    String parameter(int index) {
        Object argument = arguments.get(index);
        return argument instanceof TornadoNativeArray array
                ? name(array) + ", parameter " + index
                : "parameter " + index + " = " + argument;
    }

    static String name(TornadoNativeArray array) {
        return array.getClass().getSimpleName() + " of " + array.getSize();
    }
}
