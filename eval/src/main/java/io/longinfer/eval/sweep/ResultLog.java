package io.longinfer.eval.sweep;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.report.Environment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The results of a sweep: a file of JSON lines that only grows. A line is on the disk before the next run starts; half a line that
 * a crash left is cut off when the file is opened again. Used by one thread. Double close is harmless.
 */
public final class ResultLog implements AutoCloseable {
    private final FileChannel channel;
    private final Set<String> done;

    private ResultLog(FileChannel channel, Set<String> done) {
        this.channel = channel;
        this.done = done;
    }

    /**
     * Opens or makes the file.
     *
     * @param mixed whether results of another commit or machine may stand in it
     * @throws SweepException if a line cannot be read, is of another sweep, or was made elsewhere
     */
    public static ResultLog open(Path file, String sweep, Environment environment, boolean mixed) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            byte[] bytes = Files.readAllBytes(file);
            int end = bytes.length;
            while (end > 0 && bytes[end - 1] != '\n') {
                end--;
            }
            channel.truncate(end);
            channel.position(end);
            List<String> lines =
                    new String(bytes, 0, end, StandardCharsets.UTF_8).lines().toList();
            Set<String> done = new HashSet<>();
            for (int i = 0; i < lines.size(); i++) {
                done.add(id(file, i + 1, lines.get(i), sweep, environment, mixed));
            }
            return new ResultLog(channel, done);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static String id(Path file, int number, String line, String sweep, Environment environment, boolean mixed) {
        Map<String, Object> tree;
        try {
            tree = JSON.std.mapFrom(line);
        } catch (IOException e) {
            throw new SweepException(file, "line " + number + " is no JSON object; another --out expected");
        }
        if (!sweep.equals(tree.get("sweep")) || !(tree.get("id") instanceof String id)) {
            throw new SweepException(
                    file,
                    "line " + number + " is a result of sweep '" + tree.get("sweep") + "', not of '" + sweep
                            + "'; another --out expected");
        }
        if (!mixed && tree.get("environment") instanceof Map<?, ?> made) {
            check(file, number, "commit", made.get("commit"), environment.commit());
            check(file, number, "processor", made.get("processor"), environment.processor());
        }
        return id;
    }

    private static void check(Path file, int number, String what, Object found, String expected) {
        if (!expected.equals(found)) {
            throw new SweepException(
                    file,
                    "line " + number + " was made with " + what + " '" + found + "', this is '" + expected
                            + "'; --mixed if that may stand together, or another --out");
        }
    }

    /** Identities of the runs in it. */
    public Set<String> done() {
        return Set.copyOf(done);
    }

    /** Appends a result and waits until the disk has it. */
    public void append(Map<String, Object> line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((JSON.std.asString(line) + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(true);
        done.add(String.valueOf(line.get("id")));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
