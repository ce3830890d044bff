package io.longinfer.model.tokenizer;

/** Runs of white space: {@code \s+(?!\S)|\s+}. */
final class WhiteSpace {
    private WhiteSpace() {}

    /** Where the word of white space at {@code start} ends: a run leaves its last character to the word that follows. */
    static int end(int[] codePoints, int start, int to) {
        int end = runEnd(codePoints, start, to);
        return end < to && end - start > 1 ? end - 1 : end;
    }

    /** Where the run of white space at {@code start} ends. */
    static int runEnd(int[] codePoints, int start, int to) {
        int at = start;
        while (at < to && CharacterClass.of(codePoints[at]) == CharacterClass.WHITE_SPACE) {
            at++;
        }
        return at;
    }
}
