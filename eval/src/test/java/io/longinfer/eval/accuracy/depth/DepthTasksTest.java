package io.longinfer.eval.accuracy.depth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DepthTasksTest {
    private static final String NOISE = "The grass is green.";

    @ParameterizedTest
    @ValueSource(ints = {150, 151, 400, 1021, 4098})
    void promptsFillTheContext(int tokens) {
        for (String name : DepthTasks.names()) {
            for (double depth : new double[] {0, 0.3, 1}) {
                Sample sample = task(name, tokens, 3, OptionalDouble.of(depth)).sample(1);
                int all = tokens(sample) + sample.maxTokens();
                assertTrue(all <= tokens, name + " has " + all + " of " + tokens);
                assertTrue(all > tokens - 60, name + " has " + all + " of " + tokens);
            }
        }
    }

    @Test
    void thePassKeyStandsAtItsDepth() {
        for (double depth : new double[] {0, 0.25, 0.5, 1}) {
            Sample sample = task("passkey", 1000, 3, OptionalDouble.of(depth)).sample(2);
            String key = sample.references().getFirst();
            assertTrue(key.matches("[0-9]{5}"), key);
            assertEquals("The pass key is", sample.answerPrefix());
            String prompt = sample.prompt();
            String statement = "The pass key is " + key + ". Remember it. " + key + " is the pass key.\n";
            int before = count(prompt.substring(0, prompt.indexOf(statement)));
            int all = count(prompt);
            assertEquals(Math.round(depth * all), before);
            assertTrue(prompt.endsWith("There and back again.\n\n\nWhat is the pass key?\n\n") || depth == 1, prompt);
        }
    }

    private static int count(String text) {
        return text.split(NOISE, -1).length - 1;
    }

    @Test
    void cellsOfAGridDifferInDepthAndLengthAlone() {
        for (String name : DepthTasks.names()) {
            List<String> references =
                    task(name, 500, 3, OptionalDouble.of(0)).sample(1).references();
            assertEquals(
                    references,
                    task(name, 900, 3, OptionalDouble.of(0.7)).sample(1).references(),
                    name);
            Task same = task(name, 500, 3, OptionalDouble.of(0));
            assertEquals(
                    same.sample(2), task(name, 500, 3, OptionalDouble.of(0)).sample(2), name);
            assertNotEquals(same.sample(0).prompt(), same.sample(1).prompt(), name);
        }
    }

    @Test
    void withoutADepthSamplesSpread() {
        Task task = task("passkey", 1000, 5, OptionalDouble.empty());
        List<Integer> places = IntStream.range(0, 5)
                .mapToObj(i -> count(task.sample(i).prompt().split("The pass key is", 2)[0]))
                .toList();
        int all = places.getLast();
        assertEquals(
                IntStream.range(0, 5).mapToObj(i -> Math.round(i * all / 4f)).toList(), places);
    }

    @Test
    void numberStringsDoubleFiveOfTenDigits() {
        Task task = task("number_string", 300, 20, OptionalDouble.empty());
        for (int i = 0; i < 20; i++) {
            String digits = task.sample(i).references().getFirst();
            assertTrue(digits.matches("[0-9]{10}"), digits);
            assertTrue(digits.replaceAll("(.)\\1+", "$1").length() <= 5, digits);
        }
    }

    @Test
    void aPairIsAskedForByItsKey() {
        Sample sample = task("kv_retrieval", 2000, 3, OptionalDouble.of(1)).sample(0);
        String value = sample.references().getFirst();
        String prompt = sample.prompt();
        String object = prompt.substring(prompt.indexOf('{'), prompt.indexOf('}') + 1);
        assertTrue(object.endsWith("\": \"" + value + "\"}"), object);
        String key = object.substring(object.lastIndexOf(", ") + 3, object.lastIndexOf("\": "));
        assertTrue(prompt.endsWith("\nKey: \"" + key + "\"\n"), prompt);
        assertTrue(DepthMetrics.WORD.score(value + ".\nNext", sample.references()) == 1);
        assertEquals(0, DepthMetrics.WORD.score("x" + value, sample.references()));
    }

    @Test
    void aSentenceStandsBehindThePeriodBeforeItsDepth() {
        String essay = "One two three. Four five six. Seven eight nine. ".repeat(30);
        EssayNeedle needle = new EssayNeedle(essay, "The needle is here.", "Where?", "is here");
        for (double depth : new double[] {0, 0.5, 1}) {
            DepthSetting setting = new DepthSetting(300, 4, 1, OptionalDouble.of(depth), DepthTasksTest::tokens);
            Sample sample = new EssayTask(setting, needle).sample(3);
            String context = sample.prompt().split("\n\n", 2)[0];
            int place = context.indexOf("The needle is here.");
            String before = context.substring(0, place).strip();
            assertTrue(before.isEmpty() || before.endsWith(".") || depth == 1, before);
            assertEquals(depth, (double) place / (context.length() - 19), 0.1);
        }
        assertThrows(TaskException.class, () -> new EssayNeedle(" \n", "a", "b", "c"));
        assertThrows(TaskException.class, () -> new EssayNeedle("x", "a", "b", " "));
        EssayNeedle oneWord = new EssayNeedle("x", "N.", "Q?", "N");
        DepthSetting setting = new DepthSetting(300, 13, 1, OptionalDouble.empty(), DepthTasksTest::tokens);
        assertTrue(new EssayTask(setting, oneWord).sample(12).prompt().contains("x x x N."));
    }

    @ParameterizedTest
    @CsvSource({"12345 is it, 1", "a 12345, 1", "it is 123456, 0", "99 12345, 0", "none, 0"})
    void theFirstNumberCounts(String answer, double expected) {
        assertEquals(expected, DepthMetrics.FIRST_NUMBER.score(answer, List.of("12345")));
    }

    @Test
    void whatCannotBeMadeIsSaid() {
        for (String name : DepthTasks.names()) {
            Task small = task(name, 40, 2, OptionalDouble.empty());
            TaskException refused = assertThrows(TaskException.class, () -> small.sample(0));
            assertTrue(
                    refused.getMessage().contains(name) && refused.getMessage().contains("40"), name);
        }
        DepthSetting setting = new DepthSetting(100, 1, 1, OptionalDouble.empty(), DepthTasksTest::tokens);
        TaskException noEssay = assertThrows(
                TaskException.class,
                () -> DepthTasks.of("needle_essay", setting, DepthTasksTest::words, Optional.empty()));
        assertTrue(noEssay.getMessage().contains("--essay"), noEssay.getMessage());
        assertThrows(TaskException.class, () -> DepthTasks.of("key", setting, DepthTasksTest::words, Optional.empty()));
        assertThrows(
                IllegalArgumentException.class,
                () -> new DepthSetting(100, 0, 1, OptionalDouble.empty(), DepthTasksTest::tokens));
        assertThrows(
                IllegalArgumentException.class,
                () -> new DepthSetting(100, 1, 1, OptionalDouble.of(1.5), DepthTasksTest::tokens));
    }

    private static Task task(String name, int tokens, int samples, OptionalDouble depth) {
        EssayNeedle needle = new EssayNeedle(
                IntStream.range(0, 40).mapToObj(i -> "It is number " + i + ".").collect(Collectors.joining(" ")),
                "Needle in it.",
                "What?",
                "needle");
        return DepthTasks.of(
                name,
                new DepthSetting(tokens, samples, 42, depth, DepthTasksTest::tokens),
                DepthTasksTest::words,
                Optional.of(needle));
    }

    private static int tokens(Sample sample) {
        return words(sample.prompt()) + words(sample.answerPrefix()) + 5;
    }

    private static int words(String text) {
        return text.split("[\\s-]+", -1).length;
    }
}
