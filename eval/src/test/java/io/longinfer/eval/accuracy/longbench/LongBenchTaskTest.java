package io.longinfer.eval.accuracy.longbench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.TaskException;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LongBenchTaskTest {
    private static final int TEMPLATE_TOKENS = 9;

    private static Model model;
    private static Tokenizer tokenizer;

    @TempDir
    private Path folder;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        tokenizer = model.tokenizer();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void asksWithThePublishedPrompt() throws IOException {
        Path file = write(line("hotpotqa", "Who?", "Text with {input} and $1.", "Ada", "Ada L."), "");
        LongBenchTask task = LongBenchTask.read(file, options(100_000));
        assertEquals("hotpotqa", task.name());
        assertEquals(1, task.samples());
        Sample sample = task.sample(0);
        assertTrue(sample.prompt().startsWith("Answer the question based on the given passages."), sample.prompt());
        assertTrue(sample.prompt().contains("passages.\nText with {input} and $1.\n\nAnswer"), sample.prompt());
        assertTrue(sample.prompt().endsWith("\n\nQuestion: Who?\nAnswer:"), sample.prompt());
        assertEquals(32, sample.maxTokens());
        assertTrue(sample.chat());
        assertEquals(List.of("Ada", "Ada L."), sample.references());
        assertEquals(1, task.metric().score("The Ada", sample.references()), 1e-9);
        assertEquals(0.8, task.metric().score("Ada L. X", sample.references()), 1e-9); // the better of 1/2 and 4/5
    }

    @Test
    void everyPublishedDatasetIsWhole() throws IOException {
        Map<String, Object> published;
        try (var stream = LongBenchDataset.class.getResourceAsStream("datasets.json")) {
            published = JSON.std.mapFrom(stream);
        }
        assertEquals(16, published.size());
        for (String name : published.keySet()) {
            LongBenchDataset dataset =
                    LongBenchDataset.of(name, Optional.empty(), Optional.empty(), OptionalInt.empty());
            assertTrue(dataset.prompt().contains("{context}"), name);
            assertTrue(dataset.answerTokens() >= 32 && dataset.answerTokens() <= 512, name);
            assertTrue(dataset.chat() || !dataset.prompt().contains("Answer:"), name);
        }
    }

    @Test
    void onlyTheFirstLineOfAClassCounts() throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("dataset", "trec");
        fields.put("input", "Question: When?\nType:");
        fields.put("context", "Question: Who?\nType: Person");
        fields.put("answers", List.of("Date"));
        fields.put("all_classes", List.of("Date", "Person"));
        LongBenchTask task = LongBenchTask.read(write(JSON.std.asString(fields)), options(1000));
        assertFalse(task.sample(0).chat());
        assertEquals(1, task.metric().score("\n Date\nQuestion: x\nType: Person", List.of("Date")));
    }

    @Test
    void aLongPromptLosesItsMiddle() throws IOException {
        String context = IntStream.range(0, 3000).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));
        Path file = write(line("qasper", "What?", context, "x"));
        for (int most : new int[] {400, 401, 1021}) {
            LongBenchTask task = LongBenchTask.read(file, options(most));
            Sample sample = task.sample(0);
            int tokens = length(sample) + sample.maxTokens();
            assertTrue(tokens <= most && tokens > most - 8, tokens + " of " + most);
            assertTrue(sample.prompt().startsWith("You are given a scientific article"), sample.prompt());
            assertTrue(sample.prompt().endsWith("Question: What?\n\nAnswer:"), sample.prompt());
        }
        TaskException refused = assertThrows(
                TaskException.class,
                () -> LongBenchTask.read(file, options(130)).sample(0));
        assertTrue(refused.getMessage().contains(file + ", line 1"), refused.getMessage());
    }

    @Test
    void anyDatasetWithOwnPromptAndMetric() throws IOException {
        Path file = folder.resolve("mine_e.jsonl");
        Files.writeString(file, "{\"text\": \"abc\", \"answers\": [\"3\"]}\n");
        LongBenchOptions own = new LongBenchOptions(
                100,
                5,
                LongBenchTaskTest::length,
                tokenizer,
                Optional.of("How long is {text}?"),
                Optional.of(LongBenchMetric.COUNT),
                OptionalInt.of(4));
        LongBenchTask task = LongBenchTask.read(file, own);
        assertEquals("mine", task.name());
        assertEquals("How long is abc?", task.sample(0).prompt());
        assertEquals(1, task.metric().score("3", List.of("3")));
        TaskException refused = assertThrows(TaskException.class, () -> LongBenchTask.read(file, options(100)));
        assertTrue(refused.getMessage().contains("'mine'"), refused.getMessage());
        assertTrue(refused.getMessage().contains("narrativeqa"), refused.getMessage());
    }

    @Test
    void samplesAreLimited() throws IOException {
        String[] lines = new String[13];
        Arrays.fill(lines, line("musique", "Who?", "Text", "x"));
        assertEquals(5, LongBenchTask.read(write(lines), options(1000)).samples());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"dataset\": \"musique\", \"input\": \"a\", \"context\": \"b\"}        | line 2: nothing found as \"answers\"",
                "{\"dataset\": \"musique\", \"answers\": []}                             | line 2: '[]' found as \"answers\"",
                "{\"dataset\": \"musique\", \"answers\": [1]}                            | line 2: '[1]' found as \"answers\"",
                "{\"dataset\": \"musique\", \"answers\": \"x\"}                          | line 2: 'x' found as \"answers\"",
                "{\"dataset\": \"musique\", \"answers\": [\"x\"]                         | line 2: '{\"dataset\"",
                "[1, 2]                                                                  | line 2: '[1, 2]' found, a JSON object",
                "{\"dataset\": \"vcsum\"} {                                              | line 2: '{\"dataset\"",
            })
    void whatIsWrongInAFileIsNamedByLine(String second, String expected) throws IOException {
        Path file = write(line("musique", "Who?", "Text", "x"), second);
        TaskException refused = assertThrows(TaskException.class, () -> LongBenchTask.read(file, options(1000)));
        assertTrue(refused.getMessage().startsWith(file + ", "), refused.getMessage());
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }

    @Test
    void whatIsMissingForThePromptIsNamed() throws IOException {
        Path file = write("{\"dataset\": \"musique\", \"answers\": [\"x\"], \"context\": \"b\"}");
        TaskException refused = assertThrows(
                TaskException.class,
                () -> LongBenchTask.read(file, options(1000)).sample(0));
        assertTrue(refused.getMessage().contains("line 1: nothing found as \"input\""), refused.getMessage());
    }

    @Test
    void aTruncatedFileIsRefusedAtEveryLength() throws IOException {
        byte[] whole = line("musique", "W\u00e9?", "Text", "x").getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < whole.length; length++) {
            Path file = folder.resolve("cut.jsonl");
            Files.write(file, Arrays.copyOf(whole, length));
            TaskException refused = assertThrows(TaskException.class, () -> LongBenchTask.read(file, options(1000)));
            assertTrue(refused.getMessage().startsWith(file.toString()), refused.getMessage());
        }
    }

    private Path write(String... lines) throws IOException {
        return Files.writeString(folder.resolve("file.jsonl"), String.join("\n", lines) + "\n");
    }

    private static String line(String dataset, String input, String context, String... answers) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("input", input);
        fields.put("context", context);
        fields.put("answers", List.of(answers));
        fields.put("length", 5);
        fields.put("dataset", dataset);
        fields.put("all_classes", null);
        return JSON.std.asString(fields);
    }

    private static LongBenchOptions options(int maxTokens) {
        return new LongBenchOptions(
                maxTokens,
                5,
                LongBenchTaskTest::length,
                tokenizer,
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty());
    }

    private static int length(Sample sample) {
        return tokenizer.encode(sample.prompt(), false, false).length + TEMPLATE_TOKENS;
    }
}
