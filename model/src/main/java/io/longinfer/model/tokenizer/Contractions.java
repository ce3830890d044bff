package io.longinfer.model.tokenizer;

/** The endings of English contractions: {@code 's|'t|'re|'ve|'m|'ll|'d}. */
final class Contractions {
    private Contractions() {}

    /** Where a contraction's ending that begins at {@code start} ends, or {@code start} if none does. */
    static int end(int[] codePoints, int start, int to, boolean ignoreCase) {
        if (codePoints[start] != '\'' || start + 1 >= to) {
            return start;
        }
        int first = fold(codePoints[start + 1], ignoreCase);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return start + 2;
        }
        if (start + 2 >= to) {
            return start;
        }
        int second = fold(codePoints[start + 2], ignoreCase);
        boolean matches = ((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l');
        return matches ? start + 3 : start;
    }

    /** Only A to Z have counterparts that matter: an expression spells both cases out. */
    private static int fold(int codePoint, boolean ignoreCase) {
        return ignoreCase && codePoint >= 'A' && codePoint <= 'Z' ? codePoint + ('a' - 'A') : codePoint;
    }
}
