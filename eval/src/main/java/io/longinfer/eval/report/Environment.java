package io.longinfer.eval.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * What a figure was measured with.
 *
 * @param version of LongInfer
 * @param commit of the source it was built from, {@code "unknown"} outside git
 * @param jvm name and version
 * @param os name, version and architecture
 * @param processor model name
 * @param processors number of processors that the JVM sees
 * @param heapBytes most memory that the JVM's heap may take
 */
public record Environment(
        String version, String commit, String jvm, String os, String processor, int processors, long heapBytes) {
    private static final String UNKNOWN = "unknown";

    /** That of this process. */
    public static Environment current() {
        Properties build = build();
        return new Environment(
                build.getProperty("version", UNKNOWN),
                build.getProperty("commit", UNKNOWN),
                System.getProperty("java.vm.name") + " " + Runtime.version(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                processor(Path.of("/proc/cpuinfo")),
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory());
    }

    private static Properties build() {
        Properties build = new Properties();
        try (InputStream resource = Environment.class.getResourceAsStream("build.properties")) {
            if (resource != null) {
                build.load(resource);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the application's build.properties cannot be read", e);
        }
        return build;
    }

    /** The processor's name in a file of the form of Linux's {@code /proc/cpuinfo}. */
    static String processor(Path cpuinfo) {
        if (!Files.isReadable(cpuinfo)) {
            return UNKNOWN;
        }
        try (Stream<String> lines = Files.lines(cpuinfo, StandardCharsets.UTF_8)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(UNKNOWN);
        } catch (IOException | UncheckedIOException unreadable) {
            return UNKNOWN; // a name for people, no reason to fail
        }
    }
}
