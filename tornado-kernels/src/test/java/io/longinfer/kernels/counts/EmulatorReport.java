package io.longinfer.kernels.counts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The file that the emulator appends a line of {@code name=value} pairs to for each module that is loaded and each launch. */
final class EmulatorReport {
    private final Path file;

    EmulatorReport(Path file) {
        this.file = file;
    }

    /** The pairs of the last launch, and those of its module. */
    Map<String, String> last() throws IOException {
        List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
        for (int i = lines.size() - 1; i >= 0; i--) {
            if (lines.get(i).startsWith("launch ")) {
                Map<String, String> launch = pairs(lines.get(i));
                launch.putAll(module(lines.subList(0, i), launch.get("kernel")));
                return launch;
            }
        }
        throw new IllegalStateException(file + " names no launch: is the CUDA driver the emulator?");
    }

    private static Map<String, String> module(List<String> lines, String kernel) {
        for (String line : lines.reversed()) {
            if (line.startsWith("module ")) {
                Map<String, String> module = pairs(line);
                if (module.get("kernel").equals(kernel)) {
                    return module;
                }
            }
        }
        throw new IllegalStateException("the report names no module of kernel " + kernel);
    }

    private static Map<String, String> pairs(String line) {
        Map<String, String> pairs = new HashMap<>();
        for (String word : line.split(" ", -1)) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                pairs.put(word.substring(0, equals), word.substring(equals + 1));
            }
        }
        return pairs;
    }
}
