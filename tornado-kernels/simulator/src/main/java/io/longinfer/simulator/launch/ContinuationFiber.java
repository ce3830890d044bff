package io.longinfer.simulator.launch;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;

/** A fiber over {@code jdk.internal.vm.Continuation}, reached by method handles since it cannot be compiled against. */
final class ContinuationFiber extends Fiber {
    private static final MethodHandle NEW;
    private static final MethodHandle RUN;
    private static final MethodHandle YIELD;
    private static final boolean AVAILABLE;

    static {
        Optional<MethodHandle[]> handles = handles();
        AVAILABLE = handles.isPresent();
        MethodHandle none = MethodHandles.zero(void.class);
        NEW = handles.map(all -> all[0]).orElse(none);
        RUN = handles.map(all -> all[1]).orElse(none);
        YIELD = handles.map(all -> all[2]).orElse(none);
    }

    private final Object continuation;

    ContinuationFiber(Runnable body) {
        try {
            continuation = (Object) NEW.invokeExact(body);
        } catch (Throwable e) {
            throw new IllegalStateException("a continuation cannot be made", e);
        }
    }

    static boolean available() {
        return AVAILABLE;
    }

    @Override
    void resume() {
        try {
            RUN.invokeExact(continuation);
        } catch (Throwable e) {
            throw new IllegalStateException("a continuation cannot be run", e);
        }
    }

    @Override
    void suspend() {
        try {
            YIELD.invokeExact();
        } catch (Throwable e) {
            throw new IllegalStateException("a continuation cannot yield", e);
        }
    }

    private static Optional<MethodHandle[]> handles() {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> scopes = Class.forName("jdk.internal.vm.ContinuationScope");
            Class<?> continuations = Class.forName("jdk.internal.vm.Continuation");
            Object scope = lookup.findConstructor(scopes, MethodType.methodType(void.class, String.class))
                    .invoke("kernel");
            MethodHandle make =
                    lookup.findConstructor(continuations, MethodType.methodType(void.class, scopes, Runnable.class));
            MethodHandle run = lookup.findVirtual(continuations, "run", MethodType.methodType(void.class));
            MethodHandle yield =
                    lookup.findStatic(continuations, "yield", MethodType.methodType(boolean.class, scopes));
            return Optional.of(new MethodHandle[] {
                MethodHandles.insertArguments(make, 0, scope)
                        .asType(MethodType.methodType(Object.class, Runnable.class)),
                run.asType(MethodType.methodType(void.class, Object.class)),
                MethodHandles.insertArguments(yield, 0, scope).asType(MethodType.methodType(void.class))
            });
        } catch (Throwable e) {
            // The package is not exported: threads do the same, more slowly.
            return Optional.empty();
        }
    }
}
