package io.longinfer.eval.documents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentGeneratorTest {
    private static final int LONGEST_SENTENCE = 40;
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");

    private final DocumentGenerator generator = new DocumentGenerator(DocumentGeneratorTest::words);

    /** Counts like a tokenizer with one token a word, a mark or a digit. */
    private static int words(String text) {
        return (int)
                Pattern.compile("[A-Za-z]+|[0-9]|[^ ]").matcher(text).results().count();
    }

    @Test
    void theSameSeedWritesTheSameDocumentAndAnotherAnother() {
        DocumentOptions options = DocumentOptions.journal(700, 5).withFacts(4);
        assertEquals(generator.generate(options), generator.generate(options));
        assertNotEquals(
                generator.generate(options).text(),
                generator.generate(DocumentOptions.journal(700, 6).withFacts(4)).text());
    }

    @Test
    void aKnownDocumentStaysWhatItWas() {
        NeedleDocument document =
                generator.generate(DocumentOptions.journal(60, 1).withForm(FactForm.CODE));
        assertEquals(
                "The porter swept the boat house and supper was late. The code of the broad-nutmeg is 66889. Toward"
                        + " evening the driver opened the market, and the lamp burned until dawn.",
                document.text());
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 61, 128, 1021, 8000, 33000})
    void theLengthIsTheTargetLessAtMostASentence(int tokens) {
        for (Filling filling : Filling.values()) {
            NeedleDocument document =
                    generator.generate(DocumentOptions.journal(tokens, 3).withFilling(filling));
            assertEquals(words(document.text()), document.tokens());
            assertTrue(document.tokens() <= tokens, filling + ": " + document.tokens());
            assertTrue(document.tokens() > tokens - LONGEST_SENTENCE, filling + ": " + document.tokens());
        }
    }

    @ParameterizedTest
    @EnumSource(Filling.class)
    void eachFactStandsThereOnceAndItsAnswerNowhereElse(Filling filling) {
        for (int seed = 0; seed < 20; seed++) {
            NeedleDocument document = generator.generate(
                    DocumentOptions.journal(2000, seed).withFacts(8).withFilling(filling));
            assertEquals(8, document.facts().size());
            for (Fact fact : document.facts()) {
                assertEquals(fact.offset(), document.text().indexOf(fact.statement()), "seed " + seed);
                assertEquals(1, occurrences(document.text(), fact.statement()), "seed " + seed);
                assertEquals(1, occurrences(document.text(), fact.value()), "seed " + seed);
                assertEquals(1, occurrences(document.text(), fact.key()), "seed " + seed);
                assertTrue(Answers.names(fact.answer(), fact.value()));
            }
        }
    }

    @Test
    void valuesHaveFourFiveOrSevenDigitsAndAreAllDifferent() {
        NeedleDocument document =
                generator.generate(DocumentOptions.journal(20000, 9).withFilling(Filling.FACTS));
        Set<String> values = new HashSet<>();
        Set<Integer> lengths = new HashSet<>();
        Matcher numbers = NUMBER.matcher(document.text());
        while (numbers.find()) {
            assertTrue(values.add(numbers.group()), numbers.group());
            assertNotEquals('0', numbers.group().charAt(0));
            lengths.add(numbers.group().length());
        }
        assertEquals(Set.of(4, 5, 7), lengths);
    }

    @Test
    void aFactStandsAtTheDepthAskedFor() {
        for (double depth : new double[] {0, 0.25, 0.5, 0.9, 1}) {
            NeedleDocument document =
                    generator.generate(DocumentOptions.journal(8000, 2).withDepth(depth));
            Fact fact = document.facts().getFirst();
            assertEquals(depth, (double) fact.offset() / document.text().length(), 0.02);
            assertTrue(fact.offset() > 0 && !document.text().endsWith(fact.statement()), "between two sentences");
        }
    }

    @Test
    void thePromptIsDocumentEmptyLineQuestion() {
        NeedleDocument document =
                generator.generate(DocumentOptions.journal(200, 2).withForm(FactForm.ROOM));
        Fact fact = document.facts().getFirst();
        assertEquals(document.text() + "\n\nWhich number has room " + fact.key() + "?", document.prompt(fact));
    }

    @Test
    void optionsThatCannotBeMetAreNamed() {
        assertThrows(IllegalArgumentException.class, () -> DocumentOptions.journal(0, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> DocumentOptions.journal(10, 1).withDepth(1.5));
        assertThrows(
                IllegalArgumentException.class,
                () -> new DocumentOptions(10, 2, java.util.Optional.empty(), Filling.NOISE, List.of(0.5), 1));
        IllegalArgumentException tooShort = assertThrows(
                IllegalArgumentException.class,
                () -> generator.generate(DocumentOptions.journal(20, 1).withFacts(10)));
        assertTrue(tooShort.getMessage().contains("more than the 20"), tooShort.getMessage());
    }

    @Test
    void anAnswerIsRightOnlyWithExactlyItsDigits() {
        assertTrue(Answers.names("The code is 4711.", "4711"));
        assertTrue(!Answers.names("The code is 47112.", "4711"));
        assertTrue(!Answers.names("The code is 14711.", "4711"));
        assertTrue(!Answers.names("The code is 471.", "4711"));
    }

    private static int occurrences(String text, String part) {
        int count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
            count++;
        }
        return count;
    }
}
