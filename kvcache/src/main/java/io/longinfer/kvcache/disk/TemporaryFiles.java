package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Files that must not outlive the process: what is not deleted before is deleted when the virtual machine exits. Thread-safe. */
final class TemporaryFiles {
    private static final Set<Path> FILES = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> FILES.forEach(TemporaryFiles::delete), "longinfer-kv-files"));
    }

    private TemporaryFiles() {}

    static void add(Path path) {
        FILES.add(path);
    }

    /** Deletes a file that was added and is still there; a file that cannot be deleted is tried again at the exit. */
    static void delete(Path path) {
        if (path == null || !FILES.contains(path)) {
            return;
        }
        try {
            Files.deleteIfExists(path);
            FILES.remove(path);
        } catch (IOException e) {
            // The sequence is over and its result unharmed: the file stays listed for the exit.
            FILES.add(path);
        }
    }
}
