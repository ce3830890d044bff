package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.documents.WordLists;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SequencedSet;
import java.util.TreeSet;

/**
 * The ten words that come most often in a list of words. Words are those of a file or, if none is given, our adjectives and nouns
 * and after them made-up ones, as many as the list needs.
 */
final class CommonWords extends SizedTask {
    private static final String PREFIX = " Answer: The top 10 words that appear most often in the list are:";
    private static final int ANSWER_TOKENS = 120;
    private static final int COMMON = 10;
    private static final int INCREMENT = 10;
    private static final int MEASURED_WORDS = 4096;
    private static final String CONSONANTS = "bdfgklmnprstvz";
    private static final String VOWELS = "aeiou";

    private final List<String> pool;

    CommonWords(RulerSetting setting) {
        super(setting, "cwe", ANSWER_TOKENS, INCREMENT, RulerMetrics.ALL);
        pool = pool(setting);
    }

    private static List<String> pool(RulerSetting setting) {
        if (setting.words().isPresent()) {
            return List.copyOf(new TreeSet<>(setting.words().get()));
        }
        SequencedSet<String> words = new TreeSet<>(WordLists.ADJECTIVES);
        words.addAll(WordLists.NOUNS);
        Random random = new Random(1);
        // A word of the list takes at least two tokens, itself and its number.
        while (words.size() < setting.maxTokens() / 2 + 2 * COMMON) {
            StringBuilder word = new StringBuilder();
            for (int i = 0; i < 3; i++) {
                word.append(CONSONANTS.charAt(random.nextInt(CONSONANTS.length())));
                word.append(VOWELS.charAt(random.nextInt(VOWELS.length())));
            }
            words.add(word.toString());
        }
        return List.copyOf(words);
    }

    @Override
    int smallest() {
        return COMMON;
    }

    @Override
    int greatest() {
        return pool.size() - exampleWords();
    }

    @Override
    int measuredSize() {
        return Math.min(MEASURED_WORDS, greatest());
    }

    private int exampleWords() {
        return setting.isLong() ? 40 : 20;
    }

    @Override
    Sample make(int index, int size, Random random) {
        List<String> drawn = new ArrayList<>(pool);
        Collections.shuffle(drawn, random);
        List<String> shown = drawn.subList(0, exampleWords());
        List<String> asked = drawn.subList(exampleWords(), exampleWords() + size);
        String example = question(shown, setting.isLong() ? 10 : 3, setting.isLong() ? 3 : 1, random) + PREFIX + " "
                + numbered(shown.subList(0, COMMON)) + "\n";
        String question = question(asked, setting.isLong() ? 30 : 6, setting.isLong() ? 3 : 1, random);
        return new Sample(example + question, PREFIX, ANSWER_TOKENS, asked.subList(0, COMMON));
    }

    private static String question(List<String> words, int common, int others, Random random) {
        List<String> list = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            list.addAll(Collections.nCopies(i < COMMON ? common : others, words.get(i)));
        }
        Collections.shuffle(list, random);
        return ("Below is a numbered list of words. In these words, some appear more often than others. Memorize the ones that"
                        + " appear most often.\n%s\nQuestion: What are the 10 most common words in the above list?")
                .formatted(numbered(list));
    }

    private static String numbered(List<String> words) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            lines.add(i + 1 + ". " + words.get(i));
        }
        return String.join(" ", lines);
    }
}
