package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityCommandTest {
    private static final String TEXT =
            "The grass is green. The sky is blue. The sun is yellow. Here we go. ".repeat(30);

    @TempDir
    private Path folder;

    @Test
    void scoresATextAndComparesPrecisions() throws IOException {
        Path first = folder.resolve("f16.json");
        String out = run("--selector=full", "--json=" + first);
        assertTrue(out.contains("tokens/s"), out);
        Map<String, Object> run = JSON.std.mapFrom(Files.readString(first));
        Map<?, ?> mean = (Map<?, ?>) run.get("mean");
        List<?> nll = (List<?>) run.get("nll");
        assertEquals(300 - 65, nll.size());
        assertEquals(nll.size(), mean.get("scored"));
        double average = nll.stream()
                .mapToDouble(value -> ((Number) value).doubleValue())
                .average()
                .orElseThrow();
        assertEquals(Math.exp(average), ((Number) mean.get("perplexity")).doubleValue(), 1e-6);
        for (String precision : List.of("bf16", "int8", "int4")) {
            String compared = run(
                    "--selector=full",
                    "--kv-precision=" + precision,
                    "--against=" + first,
                    "--json=" + folder.resolve("b"));
            assertTrue(compared.contains(" %, nll ") || compared.contains("), nll "), compared);
            Map<?, ?> configuration = (Map<?, ?>)
                    JSON.std.mapFrom(Files.readString(folder.resolve("b"))).get("configuration");
            assertEquals(precision, configuration.get("kvPrecision"));
        }
    }

    @Test
    void recordsHoldThePrecisionWhereThereIsADisk() throws IOException {
        Path out = folder.resolve("run.json");
        run(
                "--abstract-precision=int8",
                "--kv-precision=int8",
                "--device-budget=512KiB",
                "--disk-budget=8MiB",
                "--disk-dir=" + folder,
                "--json=" + out);
        assertEquals("int8", codec(out));
        run("--kv-precision=int8", "--json=" + out);
        assertEquals("fp16", codec(out));
        run("--kv-precision=int8", "--codec=int4", "--json=" + out);
        assertEquals("int4", codec(out));
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        Path text = text();
        for (String options : List.of("--dense=128", "--stride=129", "--context=100", "--kv-precision=fp8")) {
            Session session = Session.of("perplexity", "needle", "--file=" + text, "--window=128", options);
            assertEquals(2, session.code(), options + ": " + session.err());
        }
        Session shortText = Session.of("perplexity", "needle", "--file=" + text, "--window=4000");
        assertEquals(1, shortText.code());
        assertTrue(shortText.err().contains(text.toString()), shortText.err());
        Path other = folder.resolve("other.json");
        run("--json=" + other);
        Session against = Session.of(
                "perplexity", "needle", "--file=" + text, "--window=128", "--max-tokens=299", "--against=" + other);
        assertEquals(1, against.code(), against.err());
        assertTrue(against.err().contains("tokens=299"), against.err());
    }

    private static String codec(Path run) throws IOException {
        Map<?, ?> configuration =
                (Map<?, ?>) JSON.std.mapFrom(Files.readString(run)).get("configuration");
        Map<?, ?> codec = (Map<?, ?>) ((Map<?, ?>) configuration.get("codecChoice")).get("codec");
        return (String) codec.get("precision");
    }

    private String run(String... options) throws IOException {
        String[] line = Stream.concat(
                        Stream.of("perplexity", "needle", "--file=" + text(), "--window=128", "--max-tokens=300"),
                        Stream.of(options))
                .toArray(String[]::new);
        return Session.of(line).succeeded().out();
    }

    private Path text() throws IOException {
        return Files.writeString(folder.resolve("text.txt"), TEXT);
    }
}
