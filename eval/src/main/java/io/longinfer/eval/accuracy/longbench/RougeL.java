package io.longinfer.eval.accuracy.longbench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * ROUGE-L (Lin, 2004) by sentences, as LongBench takes it from Python's package rouge 1.0.1: sentences end at periods; the words that
 * lie on a longest common subsequence of any two sentences of both texts are collected, and each different word counts once, in both
 * texts too. The score is the harmonic mean of precision and recall. Stateless.
 */
final class RougeL {
    private static final Pattern WHITE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

    /** Keeps a mean of two zeros from being undefined, as published. */
    private static final double SMALL = 1e-8;

    private RougeL() {}

    /** 0 to 1; 0 if either text has no sentence. */
    static double score(String prediction, String reference) {
        List<String[]> predicted = sentences(prediction);
        List<String[]> expected = sentences(reference);
        if (predicted.isEmpty() || expected.isEmpty()) {
            return 0;
        }
        Set<String> common = new HashSet<>();
        for (String[] sentence : expected) {
            for (String[] other : predicted) {
                addCommon(sentence, other, common);
            }
        }
        double precision = (double) common.size() / words(predicted);
        double recall = (double) common.size() / words(expected);
        return 2 * precision * recall / (precision + recall + SMALL);
    }

    /** White space alone between two periods is a sentence of one empty word, as published. */
    private static List<String[]> sentences(String text) {
        List<String[]> sentences = new ArrayList<>();
        for (String sentence : text.split("\\.", 0)) {
            if (!sentence.isEmpty()) {
                sentences.add(WHITE.matcher(sentence).replaceAll(" ").strip().split(" ", 0));
            }
        }
        return sentences;
    }

    private static int words(List<String[]> sentences) {
        Set<String> words = new HashSet<>();
        sentences.forEach(sentence -> words.addAll(Arrays.asList(sentence)));
        return words.size();
    }

    /** Adds the words of a longest common subsequence; of several, the one found from the end, going back in {@code other} first. */
    private static void addCommon(String[] sentence, String[] other, Set<String> common) {
        int[][] lengths = new int[sentence.length + 1][other.length + 1];
        for (int i = 1; i <= sentence.length; i++) {
            for (int j = 1; j <= other.length; j++) {
                lengths[i][j] = sentence[i - 1].equals(other[j - 1])
                        ? lengths[i - 1][j - 1] + 1
                        : Math.max(lengths[i - 1][j], lengths[i][j - 1]);
            }
        }
        int i = sentence.length;
        int j = other.length;
        while (i > 0 && j > 0) {
            if (sentence[i - 1].equals(other[j - 1])) {
                common.add(sentence[--i]);
                j--;
            } else if (lengths[i - 1][j] > lengths[i][j - 1]) {
                i--;
            } else {
                j--;
            }
        }
    }
}
