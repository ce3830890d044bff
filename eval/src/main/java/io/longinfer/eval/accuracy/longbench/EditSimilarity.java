package io.longinfer.eval.accuracy.longbench;

/**
 * How alike two lines of code are: twice the characters of a longest common subsequence, by the characters of both, in whole per cent.
 * That is {@code fuzz.ratio} of Python's fuzzywuzzy with its fast matcher; without it, fuzzywuzzy finds matching blocks greedily and
 * may give a little less. Stateless.
 */
final class EditSimilarity {
    private EditSimilarity() {}

    /** 0 to 1; 1 for two empty lines. */
    static double ratio(String line, String other) {
        int[] a = line.codePoints().toArray();
        int[] b = other.codePoints().toArray();
        if (a.length + b.length == 0) {
            return 1;
        }
        return Math.rint(100 * 2.0 * commonLength(a, b) / (a.length + b.length)) / 100;
    }

    private static int commonLength(int[] a, int[] b) {
        int[] lengths = new int[b.length + 1];
        for (int character : a) {
            int diagonal = 0;
            for (int j = 1; j <= b.length; j++) {
                int above = lengths[j];
                lengths[j] = character == b[j - 1] ? diagonal + 1 : Math.max(above, lengths[j - 1]);
                diagonal = above;
            }
        }
        return lengths[b.length];
    }
}
