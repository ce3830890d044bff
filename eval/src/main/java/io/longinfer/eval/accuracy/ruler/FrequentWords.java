package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Sample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.SequencedSet;

/** The three coded words that come most often, behind dots, in a text whose words are spread by Zipf's law with exponent 2. */
final class FrequentWords extends SizedTask {
    private static final String TEMPLATE =
            "Read the following coded text and track the frequency of each coded word. Find the three most frequently"
                    + " appeared coded words. {context}\nQuestion: Do not provide any explanation. Please ignore the dots '....'. What"
                    + " are the three most frequently appeared words in the above coded text?";
    private static final String PREFIX =
            " Answer: According to the coded text above, the three most frequently appeared words are:";
    private static final int ANSWER_TOKENS = 50;
    private static final int WORD_LENGTH = 6;
    private static final int TOKENS_PER_WORD = 50;
    private static final int ASKED = 3;
    private static final double ZETA_2 = Math.PI * Math.PI / 6;

    FrequentWords(RulerSetting setting) {
        super(setting, "fwe", ANSWER_TOKENS, Math.max(1, setting.maxTokens() / 32), RulerMetrics.ALL);
    }

    @Override
    int smallest() {
        return 30; // so that the third word comes twice
    }

    /** Grows from a sixth of the tokens until the text is too long, then goes one step back. */
    @Override
    int findSize() {
        int step = Math.max(1, setting.maxTokens() / 32);
        int size = Math.max(smallest(), setting.maxTokens() / 6);
        while (fits(make(0, size + step))) {
            size += step;
        }
        return size;
    }

    @Override
    Sample make(int index, int size, Random random) {
        int vocabulary = Math.max(ASKED + 1, (setting.maxTokens() - TOKENS_PER_WORD) / TOKENS_PER_WORD);
        SequencedSet<String> drawn = new LinkedHashSet<>();
        while (drawn.size() < vocabulary) {
            StringBuilder word = new StringBuilder();
            for (int i = 0; i < WORD_LENGTH; i++) {
                word.append((char) ('a' + random.nextInt(26)));
            }
            drawn.add(word.toString());
        }
        List<String> words = new ArrayList<>(drawn);
        words.set(0, "...");
        List<String> text = new ArrayList<>();
        for (int rank = 1; rank <= words.size(); rank++) {
            text.addAll(Collections.nCopies(count(size, rank), words.get(rank - 1)));
        }
        Collections.shuffle(text, random);
        return new Sample(
                TEMPLATE.replace("{context}", String.join(" ", text)),
                PREFIX,
                ANSWER_TOKENS,
                words.subList(1, ASKED + 1));
    }

    /** How often the word of a rank comes, from 1, among {@code words} words. */
    static int count(int words, int rank) {
        return (int) (words / ((double) rank * rank) / ZETA_2);
    }
}
