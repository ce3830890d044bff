package io.longinfer.model.chat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * Rewrites Jinja's expressions where jinjava reads them differently: {@code not} reaches as far as in Python ({@code not x is
 * defined}), a named argument may be any expression, strings are spelled without escapes that jinjava does not know, {@code
 * [::-1]} is a method. Works on tokens, and knows no more of the grammar than that takes. Used once, by one thread.
 */
final class ExpressionRewriter {
    /** An inserted parenthesis that is still open, at the depth of brackets where it stands. */
    private record Inserted(int depth, boolean afterNot) {}

    private static final Set<String> CONNECTIVES = Set.of("and", "or", "if", "else");
    private static final Set<String> MACRO_TAGS = Set.of("macro", "call");
    private static final Set<String> CONDITION_TAGS = Set.of("if", "elif");
    private static final int DEEPEST_NESTING = 12; // jinjava's parser tries every bracket in several ways
    private static final String REVERSED = "[::-1]";

    private final String source;
    private final boolean definesParameters;
    private final StringBuilder out = new StringBuilder();
    private final Deque<Character> brackets = new ArrayDeque<>();
    private final Deque<Inserted> inserted = new ArrayDeque<>();
    private String last = "";
    private boolean isNegated; // the last word was the "not" of "is not"
    private int at;

    private ExpressionRewriter(String source, boolean definesParameters) {
        this.source = source;
        this.definesParameters = definesParameters;
    }

    /** The content of {@code {{ }}}. */
    static String expression(String source) {
        return filtered(new ExpressionRewriter(source.strip(), false).run(), PythonFilters.Printed.NAME);
    }

    /** The content of {@code {% %}}. */
    static String statement(String source) {
        String content = source.strip();
        int nameEnd = 0;
        while (nameEnd < content.length() && Character.isLetter(content.charAt(nameEnd))) {
            nameEnd++;
        }
        String name = content.substring(0, nameEnd);
        String rest = new ExpressionRewriter(content.substring(nameEnd).strip(), MACRO_TAGS.contains(name)).run();
        if (CONDITION_TAGS.contains(name)) {
            rest = filtered(rest, PythonFilters.Truth.NAME);
        }
        return rest.isEmpty() ? name : name + " " + rest;
    }

    /** A filter around an expression; not around a map, which jinjava would take for a list of it. */
    private static String filtered(String expression, String filter) {
        return expression.startsWith("{") ? expression : "(" + expression + ")|" + filter;
    }

    /** Where the string that begins at {@code start} ends, the closing quote included; the text's end if it is not closed. */
    static int stringEnd(String source, int start) {
        for (int i = start + 1; i < source.length(); i++) {
            if (source.charAt(i) == '\\') {
                i++;
            } else if (source.charAt(i) == source.charAt(start)) {
                return i + 1;
            }
        }
        return source.length();
    }

    private String run() {
        while (at < source.length()) {
            char c = source.charAt(at);
            if (Character.isWhitespace(c)) {
                out.append(' ');
                at++;
            } else if (c == '\'' || c == '"') {
                string();
            } else if (Character.isJavaIdentifierStart(c)) {
                word();
            } else if (source.startsWith(REVERSED, at)) {
                out.append(".reversed()");
                at += REVERSED.length();
                last = ")";
            } else {
                symbol(c);
            }
        }
        close(0, false);
        return out.toString();
    }

    private void string() {
        StringBuilder text = new StringBuilder();
        while (at < source.length() && (source.charAt(at) == '\'' || source.charAt(at) == '"')) {
            int end = stringEnd(source, at);
            text.append(PythonLiteral.unescape(source.substring(at + 1, end - 1)));
            at = end;
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                at++; // strings that stand side by side are one
            }
        }
        out.append('\'')
                .append(text.toString().replace("\\", "\\\\").replace("'", "\\'"))
                .append("' ");
        last = "'";
    }

    private void word() {
        int end = at;
        while (end < source.length() && Character.isJavaIdentifierPart(source.charAt(end))) {
            end++;
        }
        String word = source.substring(at, end);
        checkName(word);
        boolean unaryNot = "not".equals(word) && !"is".equals(last) && !isFollowedByIn(end);
        if (CONNECTIVES.contains(word)) {
            close(brackets.size(), true);
        }
        out.append(word);
        at = end;
        if (unaryNot) {
            out.append(" (");
            inserted.push(new Inserted(brackets.size(), true));
        } else if (isNamedArgument(end)) {
            at = source.indexOf('=', end) + 1;
            out.append("=(");
            inserted.push(new Inserted(brackets.size(), false));
        }
        last = word;
    }

    private void checkName(String word) {
        if (word.startsWith("____")) {
            throw ChatTemplateException.failure("the name '" + word + "' is jinjava's own");
        }
        if ("|".equals(last) && !TemplateEngine.hasFilter(word)) {
            throw ChatTemplateException.failure("there is no filter '" + word + "' here");
        }
        boolean test = "is".equals(last) && !"not".equals(word);
        if ((test || ("not".equals(last) && isNegated)) && !TemplateEngine.hasTest(word)) {
            throw ChatTemplateException.failure("there is no test '" + word + "' here");
        }
        isNegated = "is".equals(last) && "not".equals(word);
    }

    private boolean isFollowedByIn(int from) {
        return source.substring(from).matches("(?s)\\s+in\\b.*");
    }

    private boolean isNamedArgument(int from) {
        return !definesParameters
                && !brackets.isEmpty()
                && brackets.peek() == '('
                && source.substring(from).matches("(?s)\\s*=[^=].*");
    }

    private void symbol(char c) {
        switch (c) {
            case '(', '[', '{' -> {
                brackets.push(c);
                if (brackets.size() > DEEPEST_NESTING) {
                    throw ChatTemplateException.failure("more than " + DEEPEST_NESTING + " nested brackets");
                }
            }
            case ')', ']', '}' -> {
                close(brackets.size(), false);
                brackets.poll();
            }
            case ',', ':' -> close(brackets.size(), false);
            default -> {}
        }
        out.append(c);
        if (c == '}' || c == '{') {
            out.append(' '); // so that no two of them look like the end of the construct
        }
        last = String.valueOf(c);
        at++;
    }

    /** Closes what was opened at this depth or deeper; a connective ends the reach of {@code not}, but no argument. */
    private void close(int depth, boolean connective) {
        while (!inserted.isEmpty() && inserted.peek().depth >= depth && (!connective || inserted.peek().afterNot)) {
            inserted.pop();
            out.append(')');
        }
    }
}
