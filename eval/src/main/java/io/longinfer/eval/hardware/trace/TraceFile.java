package io.longinfer.eval.hardware.trace;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.hardware.trace.TraceEvent.Closed;
import io.longinfer.eval.hardware.trace.TraceEvent.Guessed;
import io.longinfer.eval.hardware.trace.TraceEvent.Selected;
import io.longinfer.eval.hardware.trace.TraceEvent.StepEnd;
import io.longinfer.eval.hardware.trace.TraceEvent.Weighed;
import io.longinfer.eval.report.JsonTree;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

/**
 * A trace as a file: lines of text, gzipped, whose checksum finds damage.
 *
 * <pre>
 * longinfer-trace 1
 * {header as JSON}
 * C layer count
 * S layer decode|prompt tokens chunks     chunks as {@link ChunkText} says
 * G layer chunks
 * W layer permille
 * E {step's end as JSON}
 * Z events
 * </pre>
 */
public final class TraceFile {
    private static final String MAGIC = "longinfer-trace";
    private static final int VERSION = 1;

    private TraceFile() {}

    /** Writes a trace. */
    public static void write(Path file, Trace trace) throws IOException {
        try (Writer out = new BufferedWriter(new OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(file), 1 << 16), StandardCharsets.UTF_8))) {
            out.write(MAGIC + " " + VERSION + "\n");
            out.write(JSON.std.asString(trace.header().toTree()) + "\n");
            for (TraceEvent event : trace.events()) {
                out.write(line(event) + "\n");
            }
            out.write("Z " + trace.events().size() + "\n");
        }
    }

    private static String line(TraceEvent event) throws IOException {
        return switch (event) {
            case Closed closed -> "C " + closed.layer() + " " + closed.count();
            case Selected selected ->
                "S " + selected.layer() + (selected.decoding() ? " decode " : " prompt ") + selected.tokens() + " "
                        + ChunkText.ofAscending(selected.chunks());
            case Guessed guessed -> "G " + guessed.layer() + " " + ChunkText.ofAscending(guessed.chunks());
            case Weighed weighed -> "W " + weighed.layer() + " " + ChunkText.of(weighed.permille());
            case StepEnd end -> "E " + JSON.std.asString(JsonTree.of(end));
        };
    }

    /**
     * Reads a trace.
     *
     * @throws TraceException if the file is no trace, or a damaged one
     */
    public static Trace read(Path file) throws IOException {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file), 1 << 16), StandardCharsets.UTF_8))) {
            return new Parser(file, in).trace();
        } catch (ZipException | EOFException e) {
            throw new TraceException(
                    file, "no whole gzip file (" + e.getMessage() + "), one of longinfer trace expected");
        }
    }

    /** Reads the lines. */
    private static final class Parser {
        private final Path file;
        private final BufferedReader in;
        private int number;
        private int kvHeads;

        Parser(Path file, BufferedReader in) {
            this.file = file;
            this.in = in;
        }

        Trace trace() throws IOException {
            String first = next();
            if (!first.equals(MAGIC + " " + VERSION)) {
                throw new TraceException(
                        file,
                        "'" + first.substring(0, Math.min(40, first.length())) + "' found, '" + MAGIC + " " + VERSION
                                + "' expected");
            }
            TraceHeader header = header(next());
            kvHeads = header.shape().kvHeads();
            List<TraceEvent> events = new ArrayList<>();
            String line = next();
            while (!line.startsWith("Z ")) {
                events.add(event(line));
                line = next();
            }
            if (!line.equals("Z " + events.size())) {
                throw wrong(events.size() + " events read, '" + line + "' found");
            }
            if (in.readLine() != null) {
                throw wrong("something follows the end");
            }
            return new Trace(header, events);
        }

        private String next() throws IOException {
            String line = in.readLine();
            number++;
            if (line == null) {
                throw wrong("the file ends, a line expected");
            }
            return line;
        }

        private TraceHeader header(String line) throws IOException {
            try {
                return TraceHeader.of(JSON.std.mapFrom(line));
            } catch (JacksonException | RuntimeException e) {
                throw wrong("no header of a trace (" + e.getMessage() + ")");
            }
        }

        private TraceEvent event(String line) throws IOException {
            try {
                String[] parts = line.split(" ", -1);
                return switch (parts[0]) {
                    case "C" -> new Closed(Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
                    case "S" ->
                        new Selected(
                                Integer.parseInt(parts[1]),
                                parts[2].equals("decode"),
                                Long.parseLong(parts[3]),
                                ChunkText.parse(parts[4], kvHeads));
                    case "G" -> new Guessed(Integer.parseInt(parts[1]), ChunkText.parse(parts[2], kvHeads));
                    case "W" -> new Weighed(Integer.parseInt(parts[1]), ChunkText.parse(parts[2], kvHeads));
                    case "E" -> stepEnd(JSON.std.mapFrom(line.substring(2)));
                    default -> throw new IllegalArgumentException("one of C, S, G, W, E, Z expected");
                };
            } catch (JacksonException | RuntimeException e) {
                throw wrong("no event of a trace (" + e.getMessage() + ")");
            }
        }

        @SuppressWarnings("unchecked") // a wrong tree fails here
        private static StepEnd stepEnd(Map<String, Object> tree) {
            List<TraceEvent.Search> layers = new ArrayList<>();
            for (Map<String, Object> layer : (List<Map<String, Object>>) tree.get("layers")) {
                layers.add(new TraceEvent.Search(
                        whole(layer, "scored"),
                        whole(layer, "leaves"),
                        whole(layer, "scoredBytes"),
                        whole(layer, "readBytes"),
                        ((Number) layer.get("ratio")).doubleValue()));
            }
            Map<String, Object> counters = (Map<String, Object>) tree.get("counters");
            return new StepEnd(
                    whole(tree, "nanos"),
                    layers,
                    new TraceEvent.Counters(
                            whole(counters, "deviceHits"),
                            whole(counters, "deviceMisses"),
                            whole(counters, "hostHits"),
                            whole(counters, "hostMisses"),
                            whole(counters, "diskBytes"),
                            whole(counters, "diskOperations"),
                            whole(counters, "linkBytes"),
                            whole(counters, "aheadUsed"),
                            whole(counters, "aheadWasted"),
                            whole(counters, "missed"),
                            whole(counters, "stallNanos")));
        }

        private static long whole(Map<String, Object> tree, String key) {
            return ((Number) tree.get(key)).longValue();
        }

        private TraceException wrong(String problem) {
            return new TraceException(file, "line " + number + ": " + problem);
        }
    }
}
