package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longinfer.eval.report.results.ResultLines;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
    private static final Path CHECK =
            Path.of("..", "scripts", "check-report.sh").toAbsolutePath().normalize();
    private static final int TIME_OUT_SECONDS = 300;

    private record Finished(int code, String output) {}

    @TempDir
    private Path folder;

    private Path page() {
        return folder.resolve("report.html");
    }

    private Session report(String... more) {
        return Session.of(Stream.concat(Stream.of("report", "-o", page().toString()), Stream.of(more))
                .toArray(String[]::new));
    }

    @Test
    void writesPageCsvAndMarkdownOfSeveralFiles() throws IOException {
        Path one = ResultLines.write(folder.resolve("one.jsonl"), ResultLines.ofEveryKind());
        Path two =
                ResultLines.write(folder.resolve("two.jsonl"), List.of(ResultLines.latency("h2o", 0.1, 8000, 0, 20)));
        Path csv = folder.resolve("csv");
        Path markdown = folder.resolve("report.md");
        Session session = report(
                        one.toString(), two.toString(), "--csv", csv.toString(), "--markdown", markdown.toString())
                .succeeded();
        assertEquals("", session.err());
        String html = Files.readString(page());
        for (String id : List.of(
                "latency-1",
                "speed-up-against-full-1",
                "speed-up-against-quest-1",
                "bytes-1",
                "accuracy-1",
                "tasks-1",
                "perplexity-1",
                "recall-1",
                "deserts-1",
                "heat-1",
                "modelled-latency-1",
                "modelled-speed-up-against-full-1")) {
            assertTrue(html.contains("<figure id=\"" + id + "\""), id);
            assertTrue(Files.size(csv.resolve(id + ".csv")) > 0, id);
        }
        assertTrue(Files.readString(csv.resolve("latency-1.csv")).contains("8000,h2o,1,20,,,20,\r\n"));
        assertTrue(Files.readString(markdown).contains("## MODELLED: Latency of a decoding step\n"));
    }

    @Test
    void saysWhatIsWrongAndWhere() throws IOException {
        Path file = ResultLines.write(folder.resolve("r.jsonl"), ResultLines.ofEveryKind());
        long lines;
        try (Stream<String> all = Files.lines(file)) {
            lines = all.count();
        }
        Files.writeString(file, Files.readString(file) + "{\"kind\":\"other\"}\n{\"kind\"");
        Session session = report(file.toString()).succeeded();
        assertTrue(session.err().contains("r.jsonl: line " + (lines + 1) + " is of kind 'other'"), session.err());
        assertTrue(session.err().contains("r.jsonl: line " + (lines + 2) + " is cut off"), session.err());
        Files.writeString(file, Files.readString(file) + "\n");
        session = report(file.toString());
        assertEquals(1, session.code());
        assertTrue(session.err().contains("r.jsonl: line " + (lines + 2) + ": no JSON object"), session.err());
        Files.writeString(file, "");
        session = report(file.toString());
        assertEquals(1, session.code());
        assertTrue(session.err().contains("no results found"), session.err());
        assertEquals(2, report().code());
    }

    @Test
    void aBrowserHasNothingToSay() throws IOException, InterruptedException {
        assumeTrue(hasBrowser(), "no Chromium on the PATH: the page is not looked at");
        report(ResultLines.write(folder.resolve("r.jsonl"), ResultLines.ofEveryKind())
                        .toString())
                .succeeded();
        Finished finished = check();
        assertEquals(0, finished.code, finished.output);
        for (String picture : List.of("phone.png", "desktop.png", "print.pdf")) {
            assertTrue(Files.size(folder.resolve("seen").resolve(picture)) > 10_000, picture);
        }
    }

    @Test
    void theBrowserCheckCanFail() throws IOException, InterruptedException {
        assumeTrue(hasBrowser(), "no Chromium on the PATH: the page is not looked at");
        report(ResultLines.write(folder.resolve("r.jsonl"), ResultLines.ofEveryKind())
                        .toString())
                .succeeded();
        String good = Files.readString(page());
        Files.writeString(page(), good.replace("</body>", "<script>console.warn('not silent')</script></body>"));
        Finished finished = check();
        assertEquals(1, finished.code, finished.output); // the page's own policy refuses the script, and says so
        assertTrue(finished.output.contains("Content Security Policy"), finished.output);
        Files.writeString(page(), good.replace("</body>", "<p style=\"width: 400px\">wide</p></body>"));
        finished = check();
        assertEquals(1, finished.code, finished.output);
        assertTrue(finished.output.contains("pixels wide in a window of 360 pixels"), finished.output);
    }

    private static boolean hasBrowser() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
                        .map(name -> Path.of(folder, name)))
                .anyMatch(Files::isExecutable);
    }

    private Finished check() throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(
                        "bash",
                        CHECK.toString(),
                        page().toString(),
                        folder.resolve("seen").toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        process.getOutputStream().close();
        assertTrue(
                process.waitFor(TIME_OUT_SECONDS, TimeUnit.SECONDS), "still running after " + TIME_OUT_SECONDS + " s");
        return new Finished(process.exitValue(), Files.readString(output));
    }
}
