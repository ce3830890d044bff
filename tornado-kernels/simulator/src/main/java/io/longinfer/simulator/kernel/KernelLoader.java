package io.longinfer.simulator.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Loads kernels and the classes they use a second time, instrumented; the JDK, TornadoVM's API and the checker itself come from
 * the loader before. Thread-safe.
 */
final class KernelLoader extends ClassLoader {
    private static final Map<ClassLoader, KernelLoader> LOADERS = new ConcurrentHashMap<>();
    private static final String OURS = "io.longinfer.simulator.";

    static {
        registerAsParallelCapable();
    }

    private final ClassFile files;

    private KernelLoader(ClassLoader parent) {
        super("kernels", parent);
        files = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(parent).orElse(ClassHierarchyResolver.defaultResolver())));
    }

    static KernelLoader over(ClassLoader parent) {
        return LOADERS.computeIfAbsent(parent, KernelLoader::new);
    }

    /** Whether a class may hold code of kernels. */
    static boolean holdsKernels(String name) {
        boolean checker = name.startsWith(OURS + "launch.")
                || name.startsWith(OURS + "kernel.")
                || name.startsWith(OURS + "graph.")
                || name.startsWith(OURS + "memory.")
                || name.startsWith(OURS + "device.")
                || name.startsWith(OURS + "Finding");
        return !checker
                && !name.startsWith("java.")
                && !name.startsWith("jdk.")
                && !name.startsWith("org.junit.")
                && !name.startsWith("uk.ac.manchester.tornado.");
    }

    /** The code of a class as it was compiled; empty for classes that hold no kernels. */
    Optional<ClassModel> model(String name) {
        if (!holdsKernels(name)) {
            return Optional.empty();
        }
        return bytes(name).map(files::parse);
    }

    private Optional<byte[]> bytes(String name) {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("the class file of " + name, e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            Optional<ClassModel> model = model(name);
            if (model.isEmpty()) {
                return super.loadClass(name, resolve);
            }
            byte[] instrumented = files.transformClass(model.get(), transform());
            return defineClass(name, instrumented, 0, instrumented.length);
        }
    }

    private static ClassTransform transform() {
        return (classes, part) -> {
            if (part instanceof MethodModel method && method.code().isPresent()) {
                classes.transformMethod(method, (methods, member) -> {
                    if (member instanceof CodeModel code) {
                        methods.transformCode(code, new KernelTransform(code));
                    } else {
                        methods.with(member);
                    }
                });
            } else {
                classes.with(part);
            }
        };
    }
}
