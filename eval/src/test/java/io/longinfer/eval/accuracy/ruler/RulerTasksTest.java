package io.longinfer.eval.accuracy.ruler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With a tokenizer to which every word is a token. */
class RulerTasksTest {
    private static int words(Sample sample) {
        return (sample.prompt() + sample.answerPrefix()).split("\\s+", -1).length;
    }

    private static RulerSetting setting(int tokens, long seed) {
        return new RulerSetting(tokens, 5, seed, RulerTasksTest::words, Optional.empty(), Optional.empty());
    }

    private static Task task(String name, int tokens, long seed) throws IOException {
        return RulerTasks.of(name, setting(tokens, seed), Optional.empty(), Optional.empty());
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    @ParameterizedTest
    @ValueSource(ints = {700, 1000, 2000, 4096, 6000})
    void promptsFillTheContextAndLeaveRoomForTheAnswer(int tokens) throws IOException {
        for (String name : RulerTasks.namesWithoutFiles()) {
            Task task = task(name, tokens, 42);
            for (int index = 0; index < 3; index++) {
                Sample sample = task.sample(index);
                int all = words(sample) + sample.maxTokens();
                assertTrue(all <= tokens, name + ": " + all + " of " + tokens);
                // Lists of words grow by steps; an essay by its increment.
                assertTrue(all > 0.6 * tokens, name + ": " + all + " of " + tokens);
            }
        }
    }

    @Test
    void samplesDependOnSeedAndIndexAlone() throws IOException {
        for (String name : RulerTasks.namesWithoutFiles()) {
            Sample sample = task(name, 1500, 7).sample(2);
            Task again = task(name, 1500, 7);
            again.sample(0);
            assertEquals(sample, again.sample(2), name);
            assertNotEquals(sample, again.sample(1), name);
            assertNotEquals(sample, task(name, 1500, 8).sample(2), name);
        }
    }

    @Test
    void aSingleNeedleIsAskedForInTheSingular() throws IOException {
        Sample sample = task("niah_single_1", 1000, 1).sample(0);
        String value = sample.references().getFirst();
        Matcher needle = Pattern.compile("One of the special magic numbers for (\\S+) is: (\\d{7})\\.")
                .matcher(sample.prompt());
        assertTrue(needle.find());
        assertEquals(value, needle.group(2));
        String key = needle.group(1);
        assertTrue(
                sample.prompt()
                        .startsWith(
                                "A special magic number is hidden within the following text. Make sure to memorize it."
                                        + " I will quiz you about the number afterwards.\n"),
                sample.prompt());
        assertTrue(sample.prompt()
                .endsWith("\nWhat is the special magic number for " + key + " mentioned in the provided text?"));
        assertEquals(
                " The special magic number for " + key + " mentioned in the provided text is", sample.answerPrefix());
        assertEquals(128, sample.maxTokens());
        assertEquals(1, count(sample.prompt(), value));
    }

    @Test
    void manyNeedlesAreAskedForInThePlural() throws IOException {
        Sample query = task("niah_multiquery", 1500, 1).sample(0);
        assertEquals(4, query.references().size());
        assertTrue(query.prompt().startsWith("Some special magic numbers are hidden within"));
        assertEquals(4, count(query.prompt(), "One of the special magic numbers for "));
        String asked = query.answerPrefix()
                .replace(" The special magic numbers for ", "")
                .replace(" mentioned in the provided text are", "");
        List<String> keys = Arrays.asList(asked.split(", (?:and )?", -1));
        for (int i = 0; i < 4; i++) {
            assertTrue(
                    query.prompt()
                            .contains(keys.get(i) + " is: " + query.references().get(i) + "."),
                    asked);
        }
        Sample value = task("niah_multivalue", 1500, 1).sample(0);
        assertEquals(4, value.references().size());
        Matcher needle =
                Pattern.compile("special magic numbers for (\\S+) is: ").matcher(value.prompt());
        List<String> names = new ArrayList<>();
        while (needle.find()) {
            names.add(needle.group(1));
        }
        assertEquals(4, names.size());
        assertEquals(1, names.stream().distinct().count());
    }

    @Test
    void otherNeedlesHideOne() throws IOException {
        Sample sample = task("niah_multikey_3", 2000, 3).sample(0);
        Pattern uuid = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
        assertTrue(
                uuid.matcher(sample.references().getFirst()).matches(),
                sample.references().toString());
        assertTrue(count(sample.prompt(), "One of the special magic uuids for ") > 100);
        assertEquals(1, count(sample.prompt(), sample.references().getFirst()));
    }

    @Test
    void aChainIsScatteredInOrder() throws IOException {
        Sample sample = task("vt", 1500, 5).sample(1);
        String asked = sample.prompt().substring(sample.prompt().lastIndexOf("Memorize and track"));
        List<String> names = sample.references();
        assertEquals(5, names.size());
        Matcher value = Pattern.compile(" = (\\d{5})\n").matcher(asked);
        assertTrue(value.find());
        int at = asked.indexOf("VAR " + names.getFirst() + " = " + value.group(1) + "\n");
        assertTrue(at > 0);
        for (int i = 1; i < names.size(); i++) {
            int next = asked.indexOf("VAR " + names.get(i) + " = VAR " + names.get(i - 1) + " \n");
            assertTrue(next > at, names + " in " + asked);
            at = next;
        }
        assertTrue(sample.answerPrefix()
                .endsWith(" 5 variables are assigned the value " + value.group(1) + ", they are: "));
        // The example before it, answered.
        String example = sample.prompt().substring(0, sample.prompt().length() - asked.length());
        assertTrue(
                Pattern.compile("they are: ([A-Z]{3} ){4}[A-Z]{3}\n$")
                        .matcher(example)
                        .find(),
                example);
    }

    @ParameterizedTest
    @ValueSource(ints = {1500, 5000})
    void commonWordsComeOftenest(int tokens) throws IOException {
        Sample sample = task("cwe", tokens, 5).sample(0);
        String[] lists = sample.prompt().split("Below is a numbered list of words", -1);
        Map<String, Integer> counts = counts(lists[2]);
        int often = tokens >= 4096 ? 30 : 6;
        int seldom = tokens >= 4096 ? 3 : 1;
        assertEquals(10, sample.references().size());
        counts.forEach((word, count) -> assertEquals(sample.references().contains(word) ? often : seldom, count, word));
        assertEquals(
                tokens >= 4096 ? 40 : 20,
                counts(lists[1].substring(0, lists[1].indexOf("Question:"))).size());
    }

    private static Map<String, Integer> counts(String list) {
        Map<String, Integer> counts = new HashMap<>();
        Matcher item = Pattern.compile("\\b\\d+\\. ([a-z]+)").matcher(list.substring(list.indexOf('\n')));
        while (item.find()) {
            counts.merge(item.group(1), 1, Integer::sum);
        }
        return counts;
    }

    @Test
    void codedWordsFollowZipf() throws IOException {
        assertEquals(607, FrequentWords.count(1000, 1));
        assertEquals(151, FrequentWords.count(1000, 2));
        assertEquals(67, FrequentWords.count(1000, 3));
        Sample sample = task("fwe", 2000, 5).sample(0);
        Map<String, Long> counts = Arrays.stream(sample.prompt().split("\\s+", -1))
                .filter(word -> word.equals("...") || word.matches("[a-z]{6}"))
                .collect(Collectors.groupingBy(word -> word, Collectors.counting()));
        List<String> order = counts.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .map(Map.Entry::getKey)
                .limit(4)
                .toList();
        assertEquals("...", order.getFirst());
        assertEquals(sample.references(), order.subList(1, 4));
    }

    @Test
    void anEssayIsSplitIntoSentences() {
        assertEquals(
                List.of("It rained.", "Did it?", "Yes, for 3.5 hours!"),
                Niah.sentences("It rained. Did it? Yes, for 3.5 hours!"));
        assertEquals("a", Niah.joined(List.of("a")));
        assertEquals("a, and b", Niah.joined(List.of("a", "b")));
        assertEquals("a, b, and c", Niah.joined(List.of("a", "b", "c")));
    }

    @Test
    void whatDoesNotFitOrIsUnknownIsSaid() {
        RulerException tooShort = assertThrows(
                RulerException.class, () -> task("niah_single_1", 150, 1).sample(0));
        assertTrue(tooShort.getMessage().matches("task niah_single_1 takes \\d+ tokens at least, 150 are there.*"));
        RulerException unknown = assertThrows(RulerException.class, () -> task("niah", 1000, 1));
        assertTrue(
                unknown.getMessage().startsWith("'niah' is no task of RULER: niah_single_1, "), unknown.getMessage());
        RulerException file = assertThrows(RulerException.class, () -> task("qa_1", 1000, 1));
        assertEquals("task qa_1 asks questions of a file: --squad FILE expected", file.getMessage());
    }

    @Test
    void answersAreScoredByWhatTheyContain() {
        assertEquals(1, RulerMetrics.ALL.score(" 12 and\u000734.", List.of("12", "34")));
        assertEquals(0.5, RulerMetrics.ALL.score("ABC", List.of("abc", "d")));
        assertEquals(0, RulerMetrics.ALL.score("", List.of("abc")));
        assertEquals(1, RulerMetrics.ANY.score("It is the Mill.", List.of("tower", "mill")));
        assertEquals(0, RulerMetrics.ANY.score("none", List.of("tower", "mill")));
        assertEquals("a\nb", RulerMetrics.cleaned("\t a\u0000b \u0003 "));
    }
}
