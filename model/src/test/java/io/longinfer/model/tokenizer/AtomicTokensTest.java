package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AtomicTokensTest {
    private static AtomicTokens tokens(boolean stripsRight, String... names) {
        TokenType[] types = new TokenType[names.length];
        BitSet strips = new BitSet();
        for (int i = 0; i < names.length; i++) {
            types[i] = names[i].startsWith("U") ? TokenType.USER_DEFINED : TokenType.CONTROL;
            strips.set(i, stripsRight);
        }
        return new AtomicTokens(new Vocabulary(
                Vocabulary.Kind.SENTENCE_PIECE,
                names,
                types,
                new float[names.length],
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                false,
                false,
                strips,
                new BitSet()));
    }

    private static String cut(AtomicTokens tokens, String text, boolean parseSpecial) {
        return tokens.partition(text, parseSpecial).stream()
                .map(f -> f.isText() ? "'" + text.substring(f.from(), f.to()) + "'" : String.valueOf(f.id()))
                .collect(Collectors.joining(" "));
    }

    @Test
    void cutsOutTheLongestNameFirst() {
        AtomicTokens tokens = tokens(false, "<a>", "<a><b>", "b><c>");
        assertEquals("'x' 1 'y'", cut(tokens, "x<a><b>y", true));
        // Not the leftmost: the longest name is looked for in the whole text before any shorter one.
        assertEquals("'<a' 1", cut(tokens(false, "<a>", "><b>"), "<a><b>", true));
        assertEquals("1 1 0", cut(tokens, "<a><b><a><b><a>", true));
    }

    @Test
    void leavesControlTokensInTheTextUnlessAsked() {
        AtomicTokens tokens = tokens(false, "<a>", "U1");
        assertEquals("'<a>' 1 '<a>'", cut(tokens, "<a>U1<a>", false));
        assertEquals("0 1 0", cut(tokens, "<a>U1<a>", true));
        assertEquals("", cut(tokens, "", true));
        assertEquals("'<a'", cut(tokens, "<a", true));
    }

    @Test
    void swallowsWhiteSpaceAfterATokenThatStrips() {
        AtomicTokens tokens = tokens(true, "<a>");
        assertEquals("'x ' 0 'y'", cut(tokens, "x <a> \n\ty", true));
        assertEquals("0", cut(tokens, "<a>  ", true));
        assertEquals("0 0 '\u00A0'", cut(tokens, "<a> <a>\u00A0", true)); // as C's isspace: ASCII only
    }
}
