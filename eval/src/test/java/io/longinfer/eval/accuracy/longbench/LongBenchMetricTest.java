package io.longinfer.eval.accuracy.longbench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LongBenchMetricTest {
    private static final double CLOSE = 1e-7;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "The cat, a black one!      | cat one          | 0.8", // 2 of 3 and 2 of 2 words
                "Yes                        | no               | 0",
                "the a an                   | the              | 0",
                "anthem theory              | Anthem: theory.  | 1", // articles inside words stay
                "to be or not to be         | be be be         | 0.4444444444", // 2 of 6 and 2 of 3
                "''                         | x                | 0",
            })
    void f1CountsWords(String prediction, String reference, double expected) {
        assertEquals(expected, LongBenchMetric.F1.score(prediction, reference, List.of()), CLOSE);
    }

    /** Expected by Python's package rouge 1.0.1. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "the cat sat on the mat     | the cat is on the mat   | 0.7999999950",
                "a b c. d e f.              | a c b. d f              | 0.7272727223",
                "'police killed the gunman. It rained. ' | police kill the gunman | 0.5454545408",
                "one two three              | four five               | 0",
                "x a b y                    | a x y b                 | 0.4999999950",
                "e f f. f. a b. a           | a d d. a. b f d b b b. e | 0.8888888839",
                "b a b b c b. f. b f d a d b | a c. e e. f a c d. c d f a a. c a. d d. | 0.7999999950",
                "''                         | x                       | 0",
                ".                          | x                       | 0",
            })
    void rougeCountsDifferentWordsInOrder(String prediction, String reference, double expected) {
        assertEquals(expected, LongBenchMetric.ROUGE_L.score(prediction, reference, List.of()), CLOSE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "return x + 1             | return x + y        | 0.92", // 11 of 12 and 12 in order: 22 / 24
                "'    for i in range(10):' | for j in range(n):  | 0.78",
                "abc                      | ''                  | 0",
                "''                       | ''                  | 1",
                "\uD83D\uDE00a            | \uD83D\uDE01a       | 0.5", // characters, not halves of them
            })
    void codeIsComparedByCharacters(String prediction, String reference, double expected) {
        assertEquals(expected, LongBenchMetric.EDIT.score(prediction, reference, List.of()), CLOSE);
    }

    @Test
    void theFirstLineOfCodeIsCompared() {
        assertEquals(1, LongBenchMetric.EDIT.score("\n\n```python\n# sum\nreturn a\nreturn b", "return a", List.of()));
        assertEquals(0, LongBenchMetric.EDIT.score("// nothing", "return a", List.of()));
        assertEquals(0, LongBenchMetric.EDIT.score("x = 1\n", "ab", List.of()));
    }

    @Test
    void numbersAreCounted() {
        LongBenchMetric retrieval = LongBenchMetric.RETRIEVAL;
        assertEquals(1, retrieval.score("Paragraph 12", "Paragraph 12", List.of()));
        assertEquals(0.5, retrieval.score("Paragraph 12 or 3", "Paragraph 12", List.of()));
        assertEquals(0, retrieval.score("Paragraph 1", "Paragraph 12", List.of()));
        assertEquals(0, retrieval.score("the last", "Paragraph 12", List.of()));
        assertEquals(2.0 / 3, LongBenchMetric.COUNT.score("5, no, 6. 5", "5", List.of()), CLOSE);
        assertEquals(0, LongBenchMetric.COUNT.score("", "5", List.of()));
    }

    @Test
    void classesAreNamed() {
        List<String> classes = List.of("Date", "Person", "Definition of something", "Definition", "Def");
        LongBenchMetric metric = LongBenchMetric.CLASSIFICATION;
        assertEquals(1, metric.score("Type: Person", "Person", classes));
        assertEquals(0.5, metric.score("Person or Date", "Person", classes));
        assertEquals(0, metric.score("Date", "Person", classes));
        // "Definition" is a part of the right one and taken out; "Def" behind it is passed over, as published.
        assertEquals(0.5, metric.score("Definition of something", "Definition of something", classes));
    }

    @Test
    void firstLines() {
        assertEquals("b", LongBenchMetric.firstLine("\n\nb\nc"));
        assertEquals("", LongBenchMetric.firstLine("\n"));
        assertEquals("rouge-l", LongBenchMetric.ROUGE_L.label());
    }
}
