package io.longinfer.eval.accuracy.longbench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How LongBench compares an answer with one reference, 0 to 1. */
public enum LongBenchMetric {
    /** F1 of the words, whatever their order, without case, punctuation and articles (as SQuAD's). */
    F1 {
        @Override
        double score(String prediction, String reference, List<String> classes) {
            return f1(words(prediction), words(reference));
        }
    },
    /** ROUGE-L by sentences. */
    ROUGE_L {
        @Override
        double score(String prediction, String reference, List<String> classes) {
            return RougeL.score(prediction, reference);
        }
    },
    /** Edit similarity of the first line that looks like code. */
    EDIT {
        @Override
        double score(String prediction, String reference, List<String> classes) {
            return EditSimilarity.ratio(firstCodeLine(prediction), reference);
        }
    },
    /** The share of the numbers in the answer that are the paragraph's. */
    RETRIEVAL {
        @Override
        double score(String prediction, String reference, List<String> classes) {
            Matcher paragraph = PARAGRAPH.matcher(reference);
            return paragraph.find() ? shareOfNumbers(prediction, paragraph.group(1)) : 0;
        }
    },
    /** The share of the numbers in the answer that are the right one. */
    COUNT {
        @Override
        double score(String prediction, String reference, List<String> classes) {
            return shareOfNumbers(prediction, reference);
        }
    },
    /** One by the number of classes that the answer names, if the right one is among them. */
    CLASSIFICATION {
        @Override
        double score(String prediction, String reference, List<String> classes) {
            List<String> named = new ArrayList<>(
                    classes.stream().filter(prediction::contains).toList());
            // Names that are parts of the right one do not count; behind one taken out, the next is passed over, as
            // published.
            for (int i = 0; i < named.size(); i++) {
                if (reference.contains(named.get(i)) && !named.get(i).equals(reference)) {
                    named.remove(i);
                }
            }
            return named.contains(reference) ? 1.0 / named.size() : 0;
        }
    };

    private static final Pattern PARAGRAPH = Pattern.compile("Paragraph (\\d+)");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");
    private static final Pattern ARTICLE = Pattern.compile("\\b(a|an|the)\\b", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern WHITE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

    /**
     * The score of an answer.
     *
     * @param classes the names of the dataset's classes; empty where it has none
     */
    abstract double score(String prediction, String reference, List<String> classes);

    /** Its name in options and files. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The words of a text in lower case, without punctuation and articles. */
    static List<String> words(String text) {
        String plain = PUNCTUATION.matcher(text.toLowerCase(Locale.ROOT)).replaceAll("");
        String without = ARTICLE.matcher(plain).replaceAll(" ").strip();
        return without.isEmpty() ? List.of() : Arrays.asList(WHITE.split(without));
    }

    private static double f1(List<String> predicted, List<String> expected) {
        Map<String, Integer> left = new HashMap<>();
        expected.forEach(word -> left.merge(word, 1, Integer::sum));
        int same = 0;
        for (String word : predicted) {
            if (left.getOrDefault(word, 0) > 0) {
                left.merge(word, -1, Integer::sum);
                same++;
            }
        }
        return same == 0 ? 0 : 2.0 * same / (predicted.size() + expected.size());
    }

    private static String firstCodeLine(String text) {
        return Arrays.stream(withoutLineFeedsBefore(text).split("\n", -1))
                .filter(line -> !line.contains("`") && !line.contains("#") && !line.contains("//"))
                .findFirst()
                .orElse("");
    }

    /** The first line that is not empty. */
    static String firstLine(String text) {
        return withoutLineFeedsBefore(text).split("\n", -1)[0];
    }

    private static String withoutLineFeedsBefore(String text) {
        return text.replaceFirst("^\n+", "");
    }

    private static double shareOfNumbers(String text, String right) {
        List<String> numbers =
                NUMBER.matcher(text).results().map(match -> match.group()).toList();
        return numbers.isEmpty()
                ? 0
                : (double) numbers.stream().filter(right::equals).count() / numbers.size();
    }
}
