package io.longinfer.simulator.kernel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Finds the method behind a method reference.
 *
 * <p>The JVM does not tell, so the reference is called with null for each array and context: the first use of one throws, and
 * the stack trace names the method. A kernel that uses none of its arrays cannot be found, and does nothing.
 */
final class KernelMethod {
    private KernelMethod() {}

    static Optional<Method> find(Object code, MethodHandle call, List<Object> arguments) {
        Object[] probe = arguments.stream()
                .map(argument ->
                        argument instanceof TornadoNativeArray || argument instanceof KernelContext ? null : argument)
                .toArray();
        try {
            call.invokeExact(probe);
            return Optional.empty();
        } catch (NullPointerException e) {
            return Optional.of(named(code, kernelFrame(e.getStackTrace()), arguments));
        } catch (Throwable e) {
            throw new TornadoBailoutRuntimeException(
                    "a kernel throws before it uses a parameter: " + e, new IllegalStateException(e));
        }
    }

    private static StackTraceElement kernelFrame(StackTraceElement[] trace) {
        Optional<StackTraceElement> found = Optional.empty();
        for (StackTraceElement frame : trace) {
            if (frame.getClassName().equals(KernelMethod.class.getName())) {
                break;
            }
            boolean glue = frame.getClassName().startsWith("java.lang.invoke.")
                    || frame.getClassName().contains("$$Lambda");
            found = glue ? found : Optional.of(frame);
        }
        return found.orElseThrow(
                () -> new TornadoBailoutRuntimeException("a kernel's method is not found: is a parameter null?"));
    }

    private static Method named(Object code, StackTraceElement frame, List<Object> arguments) {
        String name = frame.getClassName() + "." + frame.getMethodName();
        try {
            Class<?> owner =
                    Class.forName(frame.getClassName(), false, code.getClass().getClassLoader());
            List<Method> methods = Arrays.stream(owner.getDeclaredMethods())
                    .filter(method -> method.getName().equals(frame.getMethodName()))
                    .filter(method -> takes(method, arguments))
                    .toList();
            if (methods.size() != 1 || !Modifier.isStatic(methods.getFirst().getModifiers())) {
                throw new TornadoBailoutRuntimeException(name
                        + " is no kernel: one static method of that name with the task's parameters is wanted, found "
                        + methods);
            }
            return methods.getFirst();
        } catch (ClassNotFoundException e) {
            throw new TornadoBailoutRuntimeException("the class of " + name + " is not found", e);
        }
    }

    private static boolean takes(Method method, List<Object> arguments) {
        MethodType boxed =
                MethodType.methodType(void.class, method.getParameterTypes()).wrap();
        if (boxed.parameterCount() != arguments.size()) {
            return false;
        }
        for (int i = 0; i < arguments.size(); i++) {
            if (!boxed.parameterType(i).isInstance(arguments.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** The caller of a kernel's shape: takes the parameters as one array. */
    static MethodHandle spread(MethodHandle call) {
        MethodType generic = call.type().generic().changeReturnType(void.class);
        return call.asType(generic)
                .asSpreader(Object[].class, generic.parameterCount())
                .asType(MethodType.methodType(void.class, Object[].class));
    }

    /** A call of the method reference itself. */
    static MethodHandle reference(Object code) throws IllegalAccessException {
        Class<?> shape = code.getClass().getInterfaces()[0];
        return spread(
                MethodHandles.publicLookup().unreflect(shape.getMethods()[0]).bindTo(code));
    }
}
