package io.longinfer.model.tokenizer;

/**
 * Cuts a stretch of text into words, in one pass and without a regular expression engine: on a text of one character class,
 * Java's recurses until the stack is full. Looks at nothing outside the stretch.
 */
interface SplitRule {
    /** Appends the ends of the words of {@code codePoints[from, to)}, the last being {@code to}. */
    void split(int[] codePoints, int from, int to, IntSequence ends);

    /**
     * Each run of matching characters of at most {@code longest} is a word, and what lies between is one: the expression
     * {@code [...]{1,longest}}.
     */
    static SplitRule runs(CharacterTest test, int longest) {
        return (codePoints, from, to, ends) -> {
            int at = from;
            while (at < to) {
                int start = at;
                boolean matches = test.matches(codePoints[at]);
                int limit = matches ? (int) Math.min(to, (long) start + longest) : to;
                while (at < limit && test.matches(codePoints[at]) == matches) {
                    at++;
                }
                ends.add(at);
            }
        };
    }

    /**
     * Digits 0 to 9 by threes from the left of each run; the one or two that are left over stay with what follows: the
     * expression {@code [0-9][0-9][0-9]}.
     */
    static SplitRule digitTriples() {
        return (codePoints, from, to, ends) -> {
            int wordStart = from;
            int digits = 0;
            for (int at = from; at < to; at++) {
                digits = codePoints[at] >= '0' && codePoints[at] <= '9' ? digits + 1 : 0;
                if (digits == 3) {
                    if (at - 2 > wordStart) {
                        ends.add(at - 2);
                    }
                    ends.add(at + 1);
                    wordStart = at + 1;
                    digits = 0;
                }
            }
            if (wordStart < to) {
                ends.add(to);
            }
        };
    }

    /** A class of characters. */
    @FunctionalInterface
    interface CharacterTest {
        boolean matches(int codePoint);
    }
}
