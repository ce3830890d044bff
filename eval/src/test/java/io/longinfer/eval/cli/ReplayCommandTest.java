package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces of short runs on the embedded model, replayed. */
class ReplayCommandTest {
    private static final String MACHINE = """
            device: {bandwidth: 10GB/s, flops: 100T, is-host: true}
            host: {bandwidth: 10GB/s}
            disk: {bandwidth: 100MB/s}
            """;

    @TempDir
    private static Path folder;

    private static String full;
    private static String ours;

    @BeforeAll
    static void traced() {
        Session traced = Session.of(
                        "trace",
                        "--tokens=600",
                        "--variants=full,ours",
                        "--ratio=0.2",
                        "--device-share=0.25",
                        "--host-share=0.5",
                        "--steps=3",
                        "--warmup=1",
                        "--out=" + folder)
                .succeeded();
        full = folder.resolve("needle-600-full.trace.gz").toString();
        ours = folder.resolve("needle-600-ours.trace.gz").toString();
        assertTrue(traced.out().contains(ours + ": "), traced.out());
    }

    private static List<Map<String, Object>> lines(Path file) throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            lines.add(JSON.std.mapFrom(line));
        }
        return lines;
    }

    private static double number(Map<String, Object> line, String key) {
        return ((Number) line.get(key)).doubleValue();
    }

    @Test
    void everyLineAndTheTableSayThatTheyAreModelled() throws IOException {
        Path json = folder.resolve("modelled.jsonl");
        Session replayed = Session.of(
                        "replay",
                        full,
                        ours,
                        "--shape=llama-3.1-8b",
                        "--tokens=8000,32000",
                        "--batch=1,4",
                        "--json=" + json)
                .succeeded();
        assertTrue(replayed.out().startsWith("modelled: llama-3.1-8b, F16 weights, on RTX 4090"), replayed.out());
        assertTrue(replayed.out().contains("modelled ms a step"), replayed.out());
        List<Map<String, Object>> lines = lines(json);
        assertEquals(8, lines.size());
        for (Map<String, Object> line : lines) {
            assertEquals("modelled", line.get("kind"));
            assertEquals(true, line.get("modelled"));
            assertEquals("needle", line.get("traceModel"));
            assertEquals(600, line.get("traceTokens"));
            assertEquals(3, ((List<?>) line.get("stepMillis")).size());
            assertEquals(0.2, line.get("ratio"));
            assertTrue(number(line, "timeToFirstTokenMillis") > 0);
            assertTrue(((Map<?, ?>) line.get("machine")).containsKey("disk"));
        }
        // Four times the context is more than three times the KV to move, and ours moves less than all of it.
        assertTrue(number(lines.get(4), "medianMillis") > 3 * number(lines.get(0), "medianMillis"));
        assertTrue(number(lines.get(1), "medianMillis") < number(lines.get(0), "medianMillis"));
        assertTrue(number(lines.get(1), "selectedShare") < 0.5);
        assertEquals(1, number(lines.get(0), "selectedShare"), 1e-9);
        Session.of("report", json.toString(), "--out=" + folder.resolve("page.html"))
                .succeeded();
    }

    @Test
    void aSlowerDiskOrLinkIsSlowerAndRoomForAllNeedsNone() throws IOException {
        Path machine = Files.writeString(folder.resolve("one.yaml"), MACHINE);
        Path json = folder.resolve("throttled.jsonl");
        for (String throttle :
                List.of("--batch=1", "--emulate-disk=10MB/s", "--emulate-link=1MB/s", "--device-share=1")) {
            Session.of("replay", full, "--machine=" + machine, throttle, "--json=" + json)
                    .succeeded();
        }
        List<Double> millis =
                lines(json).stream().map(line -> number(line, "medianMillis")).toList();
        assertTrue(millis.get(1) > 5 * millis.get(0), millis.toString());
        assertTrue(millis.get(2) > 5 * millis.get(0), millis.toString());
        assertTrue(millis.get(3) < millis.get(0), millis.toString());
        assertEquals(0, number(lines(json).get(3), "disk->host bytes a step"));
    }

    @Test
    void measuredRunsStandBesideWhatIsModelledOfThem() throws IOException {
        Path machine = Files.writeString(folder.resolve("one.yaml"), MACHINE);
        Path sweep = Files.writeString(folder.resolve("sweep.yaml"), """
                measure: latency
                tokens: 600
                variants: [full, ours, quest]
                kv: {ratio: 0.2, emulate-disk: [20MB/s]}
                device-shares: 0.25
                host-shares: 0.5
                repetitions: 1
                warm-up: 1
                steps: 3
                """);
        Path runs = folder.resolve("runs.jsonl");
        Session.of("sweep", sweep.toString(), "-o", runs.toString()).succeeded();
        List<String> table = Session.of("replay", full, ours, "--machine=" + machine, "--measured=" + runs)
                .succeeded()
                .out()
                .lines()
                .toList();
        assertEquals(4, table.size(), table.toString()); // head, full, ours, the largest error: quest was not traced
        assertTrue(table.get(1).startsWith("full") && table.get(1).contains("20 MB/s"), table.get(1));
        assertTrue(table.getLast().startsWith("largest error"), table.getLast());
    }

    @Test
    void whatDoesNotFitIsARowOfTheTable() {
        Session replayed = Session.of("replay", full, "--tokens=600,6000", "--device-share=0.001")
                .succeeded();
        assertTrue(replayed.out().contains("does not fit"), replayed.out());
        assertTrue(replayed.err().contains("full: the KV of "), replayed.err());
    }

    @Test
    void whatCannotBeReplayedIsNamed() throws IOException {
        Path text = Files.writeString(folder.resolve("text.gz"), "no trace");
        failed("no whole gzip file", "replay", text.toString());
        failed(
                "nothing.gz: no such file",
                "replay",
                folder.resolve("nothing.gz").toString());
        failed("gpu: no such machine: one of rtx4090, laptop8gb", "replay", full, "--machine=gpu");
        failed("all KV fits the device", "trace", "--tokens=300", "--device-share=1", "--out=" + folder);
        assertEquals(2, Session.of("replay").code());
        assertEquals(2, Session.of("replay", full, "--weight-type=F64").code());
    }

    private static void failed(String expected, String... arguments) {
        Session session = Session.of(arguments);
        assertEquals(1, session.code(), session.err());
        assertTrue(session.err().contains(expected), session.err());
    }
}
