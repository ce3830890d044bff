package io.longinfer.simulator.kernel;

import io.longinfer.simulator.launch.KernelBody;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;

/**
 * A kernel that can be run.
 *
 * @param body its method
 * @param waits whether its work-items may wait for each other
 */
public record KernelCode(KernelBody body, boolean waits) {
    private static final Map<Class<?>, KernelCode> KNOWN = new ConcurrentHashMap<>();

    /** The code behind a task's method reference; read once for each reference in a program's text. */
    public static KernelCode of(Object code, List<Object> arguments) {
        return KNOWN.computeIfAbsent(code.getClass(), shape -> read(code, arguments));
    }

    private static KernelCode read(Object code, List<Object> arguments) {
        try {
            MethodHandle reference = KernelMethod.reference(code);
            Optional<Method> method = KernelMethod.find(code, reference, arguments);
            return method.isPresent() ? instrumented(method.get()) : new KernelCode(body(reference), false);
        } catch (IllegalAccessException | ClassNotFoundException | NoSuchMethodException e) {
            throw new TornadoBailoutRuntimeException("a kernel cannot be read", e);
        }
    }

    private static KernelCode instrumented(Method method)
            throws IllegalAccessException, ClassNotFoundException, NoSuchMethodException {
        KernelLoader loader = KernelLoader.over(method.getDeclaringClass().getClassLoader());
        KernelScan scan = new KernelScan(loader);
        scan.visit(method);
        Class<?> twin = loader.loadClass(method.getDeclaringClass().getName());
        Method twinMethod = twin.getDeclaredMethod(method.getName(), method.getParameterTypes());
        MethodHandle call =
                MethodHandles.privateLookupIn(twin, MethodHandles.lookup()).unreflect(twinMethod);
        return new KernelCode(body(KernelMethod.spread(call)), scan.waits());
    }

    private static KernelBody body(MethodHandle call) {
        // A statement, so that the call has no result, as the handle has none.
        return arguments -> {
            call.invokeExact(arguments);
        };
    }
}
