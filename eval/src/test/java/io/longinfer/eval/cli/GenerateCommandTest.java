package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.documents.DocumentGenerator;
import io.longinfer.eval.documents.DocumentOptions;
import io.longinfer.eval.documents.FactForm;
import io.longinfer.eval.documents.NeedleDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
    private static final NeedleDocument DOCUMENT = new DocumentGenerator(text -> text.length() / 3)
            .generate(DocumentOptions.journal(700, 11).withForm(FactForm.CODE));
    private static final String PROMPT = DOCUMENT.prompt(DOCUMENT.facts().getFirst());
    private static final String ANSWER = DOCUMENT.facts().getFirst().answer() + "\n";

    @TempDir
    private Path folder;

    @Test
    void answersTheSameFromArgumentFileAndStdin() throws IOException {
        Path file = Files.writeString(folder.resolve("prompt.txt"), PROMPT + "\n");
        assertEquals(
                ANSWER, Session.of("generate", "--prompt", PROMPT).succeeded().out());
        assertEquals(
                ANSWER,
                Session.of("generate", "--file", file.toString()).succeeded().out());
        assertEquals(ANSWER, Session.withInput(PROMPT, "generate").succeeded().out());
    }

    @Test
    void aFileAndAPromptAreDocumentAndQuestion() throws IOException {
        Path file = Files.writeString(folder.resolve("document.txt"), DOCUMENT.text());
        String question = DOCUMENT.facts().getFirst().question();
        assertEquals(
                ANSWER,
                Session.of("generate", "-f", file.toString(), "-p", question, "-q")
                        .succeeded()
                        .out());
    }

    @Test
    void rawContinuesTheTextAsItStands() {
        String prompt = "<|im_start|>user\n" + PROMPT + "<|im_end|>\n<|im_start|>assistant\n";
        assertEquals(
                ANSWER,
                Session.of("generate", "--raw", "--prompt", prompt).succeeded().out());
    }

    @Test
    void theSameSeedDrawsTheSameText() {
        String first = sampled("1");
        assertEquals(first, sampled("1"));
        assertNotEquals(first, sampled("2"));
    }

    private static String sampled(String seed) {
        return Session.of("generate", "--raw", "-p", "The keeper", "-n", "20", "--temperature", "1.5", "--seed", seed)
                .succeeded()
                .out();
    }

    @Test
    void metricsAreOneJsonObjectWithAllThatARunReports() throws IOException {
        Path json = folder.resolve("metrics.json");
        Session session = Session.of(
                "generate",
                "--prompt",
                PROMPT,
                "--json",
                json.toString(),
                "--device-budget",
                "1MiB",
                "--host-budget",
                "1MiB",
                "--disk-budget",
                "64MiB",
                "--disk-dir",
                folder.toString(),
                "--seed",
                "7",
                "--recall");
        assertEquals(ANSWER, session.succeeded().out());
        assertTrue(session.err().contains("recall"), session.err());
        String text = Files.readString(json);
        assertEquals(1, text.lines().count());
        Map<String, Object> metrics = JSON.std.mapFrom(text);
        for (String key : new String[] {
            "model",
            "seed",
            "configuration",
            "device",
            "environment",
            "timeToFirstTokenMillis",
            "phases",
            "tiers",
            "links",
            "layers",
            "heat",
            "recall",
            "probeBytes",
            "directIo",
            "contextTokens"
        }) {
            assertTrue(metrics.containsKey(key), key + " is missing in " + text);
        }
        assertEquals(7, metrics.get("seed"));
        Map<?, ?> decode = (Map<?, ?>) ((Map<?, ?>) metrics.get("phases")).get("decode");
        Map<?, ?> latency = (Map<?, ?>) decode.get("latency");
        assertTrue(((Number) latency.get("p50Millis")).doubleValue() > 0, text);
        assertTrue(
                ((Number) latency.get("p99Millis")).doubleValue() >= ((Number) latency.get("p50Millis")).doubleValue());
        double recall = ((Number) metrics.get("recall")).doubleValue();
        assertTrue(recall > 0 && recall < 1, text);
        assertEquals(32, ((List<?>) ((List<?>) metrics.get("heat")).getFirst()).size());
        assertEquals(1 << 20, ((Map<?, ?>) metrics.get("configuration")).get("deviceBudgetBytes"));
    }

    @Test
    void whatDoesNotFitIsSaidWithTheOptionToChange() {
        Session session = Session.of("generate", "--prompt", PROMPT, "--device-budget", "1KiB");
        assertEquals(1, session.code());
        assertTrue(session.err().contains("--device-budget"), session.err());
        assertEquals(1, session.err().lines().count(), session.err());
    }

    @Test
    void nothingIsDrawnOnStderrThatIsNoTerminal() {
        assertEquals(
                "", Session.of("generate", "--quiet", "-p", PROMPT).succeeded().err());
    }
}
