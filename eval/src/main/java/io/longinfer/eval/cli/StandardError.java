package io.longinfer.eval.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;

/**
 * Finds the real stderr. The JVM warns of its incubator module (the Vector API) on file 2 before any of our code runs, and no
 * option turns that off; so the launcher gives the JVM a filtered file 2 and passes the real one under another number.
 */
final class StandardError {
    private StandardError() {}

    /** Opens it, and makes it {@code System.err}. */
    static FileOutputStream open() {
        FileOutputStream stream = new FileOutputStream(descriptor(Integer.getInteger("longinfer.stderr", 2)));
        System.setErr(new PrintStream(stream, true, StandardCharsets.UTF_8));
        return stream;
    }

    private static FileDescriptor descriptor(int number) {
        if (number == 2) {
            return FileDescriptor.err;
        }
        try {
            // The launcher opens java.io to us. Opening /dev/fd/N instead would cut off a file that stderr is directed
            // to.
            Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
            constructor.setAccessible(true);
            return constructor.newInstance(number);
        } catch (ReflectiveOperationException | RuntimeException notOpened) {
            return FileDescriptor.err; // still read by somebody, only less directly
        }
    }
}
