package io.longinfer.model.tokenizer;

/**
 * The words of GPT-2: {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}.
 */
final class Gpt2Split implements SplitRule {
    @Override
    public void split(int[] codePoints, int from, int to, IntSequence ends) {
        int at = from;
        while (at < to) {
            at = wordEnd(codePoints, at, to);
            ends.add(at);
        }
    }

    private static int wordEnd(int[] codePoints, int start, int to) {
        int suffix = Contractions.end(codePoints, start, to, false);
        if (suffix > start) {
            return suffix;
        }
        int first = codePoints[start] == ' ' && start + 1 < to ? start + 1 : start;
        CharacterClass kind = kind(codePoints[first]);
        if (kind == CharacterClass.WHITE_SPACE) {
            return WhiteSpace.end(codePoints, start, to);
        }
        int at = first + 1;
        while (at < to && kind(codePoints[at]) == kind) {
            at++;
        }
        return at;
    }

    /** Letters, numbers and white space are told apart, everything else is one class. */
    private static CharacterClass kind(int codePoint) {
        CharacterClass of = CharacterClass.of(codePoint);
        return of == CharacterClass.PUNCTUATION ? CharacterClass.OTHER : of;
    }
}
