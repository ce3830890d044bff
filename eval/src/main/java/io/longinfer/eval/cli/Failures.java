package io.longinfer.eval.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Says in one sentence what went wrong. */
final class Failures {
    private Failures() {}

    /** The sentence for people who did not write this program. */
    static String sentence(Throwable failure) {
        return switch (failure) {
            case NoSuchFileException missing -> missing.getFile() + ": no such file";
            case AccessDeniedException denied -> denied.getFile() + ": access denied";
            case FileSystemException system -> system.getFile() + ": " + reason(system);
            case UncheckedIOException wrapper when wrapper.getCause() != null -> sentence(wrapper.getCause());
            case IOException io when io.getMessage() != null -> io.getMessage();
            case RuntimeException named when isOurs(named) && named.getMessage() != null -> named.getMessage();
            case IllegalArgumentException refused when refused.getMessage() != null -> refused.getMessage();
            default -> "internal error: " + failure + " (--verbose shows the stack trace)";
        };
    }

    private static String reason(FileSystemException system) {
        return system.getReason() != null
                ? system.getReason()
                : system.getClass().getSimpleName();
    }

    /** Exceptions of our own packages carry messages for people. */
    private static boolean isOurs(RuntimeException exception) {
        return exception.getClass().getName().startsWith("io.longinfer.");
    }
}
