package io.longinfer.model.tokenizer;

/**
 * The words of Llama 3 and, with one digit to a word, of Qwen 2: {@code
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}.
 */
final class TiktokenSplit implements SplitRule {
    private final int digitsPerWord;

    TiktokenSplit(int digitsPerWord) {
        this.digitsPerWord = digitsPerWord;
    }

    @Override
    public void split(int[] codePoints, int from, int to, IntSequence ends) {
        int at = from;
        while (at < to) {
            at = wordEnd(codePoints, at, to);
            ends.add(at);
        }
    }

    private int wordEnd(int[] codePoints, int start, int to) {
        int suffix = Contractions.end(codePoints, start, to, true);
        if (suffix > start) {
            return suffix;
        }
        CharacterClass kind = CharacterClass.of(codePoints[start]);
        if (kind == CharacterClass.NUMBER) {
            return classEnd(codePoints, start, Math.min(to, start + digitsPerWord), CharacterClass.NUMBER);
        }
        if (kind == CharacterClass.LETTER || startsWord(codePoints, start, to)) {
            return classEnd(codePoints, start + 1, to, CharacterClass.LETTER);
        }
        int first = codePoints[start] == ' ' && start + 1 < to ? start + 1 : start;
        if (isSymbol(codePoints[first])) {
            return symbolsEnd(codePoints, first + 1, to);
        }
        int runEnd = WhiteSpace.runEnd(codePoints, start, to);
        for (int at = runEnd; at > start; at--) {
            if (isLineBreak(codePoints[at - 1])) {
                return at;
            }
        }
        return WhiteSpace.end(codePoints, start, to);
    }

    private static boolean startsWord(int[] codePoints, int start, int to) {
        return !isLineBreak(codePoints[start])
                && start + 1 < to
                && CharacterClass.of(codePoints[start + 1]) == CharacterClass.LETTER;
    }

    private static int symbolsEnd(int[] codePoints, int from, int to) {
        int at = from;
        while (at < to && isSymbol(codePoints[at])) {
            at++;
        }
        while (at < to && isLineBreak(codePoints[at])) {
            at++;
        }
        return at;
    }

    private static int classEnd(int[] codePoints, int from, int to, CharacterClass kind) {
        int at = from;
        while (at < to && CharacterClass.of(codePoints[at]) == kind) {
            at++;
        }
        return at;
    }

    private static boolean isSymbol(int codePoint) {
        CharacterClass of = CharacterClass.of(codePoint);
        return of == CharacterClass.PUNCTUATION || of == CharacterClass.OTHER;
    }

    private static boolean isLineBreak(int codePoint) {
        return codePoint == '\r' || codePoint == '\n';
    }
}
