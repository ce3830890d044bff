package io.longinfer.simulator.kernel;

import io.longinfer.simulator.launch.KernelBody;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;

/**
 * A kernel that can be run.
 *
 * @param body its method
 * @param waits whether its work-items may wait for each other
 */
public record KernelCode(KernelBody body, boolean waits) {
    private static final MethodType SPREAD = MethodType.methodType(void.class, Object[].class);

    /** The code behind a task's method reference. */
    public static KernelCode of(Object code, List<Object> arguments) {
        try {
            Class<?> shape = code.getClass().getInterfaces()[0];
            MethodHandle call = MethodHandles.publicLookup()
                    .unreflect(shape.getMethods()[0])
                    .bindTo(code);
            MethodHandle spread = spread(call, arguments.size());
            // A statement, so that the call has no result, as the handle has none.
            KernelBody body = parameters -> {
                spread.invokeExact(parameters);
            };
            return new KernelCode(body, true);
        } catch (IllegalAccessException e) {
            throw new TornadoBailoutRuntimeException("a kernel cannot be called", e);
        }
    }

    private static MethodHandle spread(MethodHandle call, int parameters) {
        return call.asType(call.type().generic().changeReturnType(void.class))
                .asSpreader(Object[].class, parameters)
                .asType(SPREAD);
    }
}
