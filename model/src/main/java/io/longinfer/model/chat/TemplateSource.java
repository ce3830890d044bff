package io.longinfer.model.chat;

/**
 * Makes of a Jinja template the same one as jinjava understands it. White space is settled here, as Jinja settles it under
 * {@code trim_blocks} and {@code lstrip_blocks}: jinjava also strips blanks that do not begin a line. Expressions go through
 * {@link ExpressionRewriter}. Used once, by one thread.
 */
final class TemplateSource {
    private static final String RAW_END = "endraw";

    private final String source;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private boolean lineStarts = true;
    private boolean stripNext;

    private TemplateSource(String template) {
        String unix = template.replace("\r\n", "\n").replace('\r', '\n');
        source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    }

    /**
     * The template for jinjava, to be rendered without any trimming.
     *
     * @throws ChatTemplateException if it is not well-formed
     */
    static String prepare(String template) {
        TemplateSource preparation = new TemplateSource(template);
        preparation.run();
        return preparation.out.toString();
    }

    private void run() {
        while (at < source.length()) {
            int opening = nextOpening();
            char kind = opening < source.length() ? source.charAt(opening + 1) : 0;
            appendText(source.substring(at, opening), kind, sign(opening + 2));
            at = opening;
            if (kind != 0) {
                construct(kind);
            }
        }
    }

    private int nextOpening() {
        for (int i = at; i + 1 < source.length(); i++) {
            char next = source.charAt(i + 1);
            if (source.charAt(i) == '{' && (next == '{' || next == '%' || next == '#')) {
                return i;
            }
        }
        return source.length();
    }

    private char sign(int index) {
        char c = index < source.length() ? source.charAt(index) : 0;
        return c == '-' || c == '+' ? c : 0;
    }

    /** Text before a construct of that kind (0: the end), whose opening carries that sign. */
    private void appendText(String text, char kind, char sign) {
        String kept = stripNext ? PythonText.strip(text, null, true, false) : text;
        boolean startsLine =
                stripNext ? text.substring(0, text.length() - kept.length()).endsWith("\n") : lineStarts;
        if (kind != 0 && sign == '-') {
            kept = PythonText.strip(kept, null, false, true);
        } else if ((kind == '%' || kind == '#') && sign != '+') {
            int line = kept.lastIndexOf('\n') + 1;
            boolean blank =
                    PythonText.strip(kept.substring(line), null, true, true).isEmpty();
            kept = blank && (line > 0 || startsLine) ? kept.substring(0, line) : kept;
        }
        out.append(kept);
        stripNext = false;
    }

    private void construct(char kind) {
        int start = at + 2 + (sign(at + 2) == 0 ? 0 : 1);
        int end = kind == '#' ? source.indexOf("#}", start) : expressionEnd(start, kind == '{' ? "}}" : "%}");
        if (end < 0) {
            throw ChatTemplateException.failure("a '{" + kind + "' in line " + line(at) + " is not closed");
        }
        char closing = end > start ? sign(end - 1) : 0;
        String inner = source.substring(start, closing == 0 ? end : end - 1);
        at = end + 2;
        lineStarts = false;
        stripNext = closing == '-';
        boolean trims = kind != '{' && closing == 0;
        if (trims && at < source.length() && source.charAt(at) == '\n') {
            at++;
            lineStarts = true;
        }
        if (kind == '%' && "raw".equals(inner.strip())) {
            raw();
        } else if (kind != '#') {
            String rewritten = kind == '{' ? ExpressionRewriter.expression(inner) : ExpressionRewriter.statement(inner);
            out.append('{').append(kind).append(' ').append(rewritten).append(' ');
            out.append(kind == '{' ? "}}" : "%}");
        }
    }

    /** Where the construct's closing stands, strings and nested braces being passed over, or -1. */
    private int expressionEnd(int from, String closing) {
        int depth = 0;
        for (int i = from; i + 1 < source.length(); i++) {
            char c = source.charAt(i);
            if (c == '\'' || c == '"') {
                i = ExpressionRewriter.stringEnd(source, i) - 1;
            } else if (depth == 0 && source.startsWith(closing, i)) {
                return i;
            } else if (c == '{' || c == '[' || c == '(') {
                depth++;
            } else if (c == '}' || c == ']' || c == ')') {
                depth--;
            }
        }
        return -1;
    }

    /** The text up to the end of a raw block, as it is. */
    private void raw() {
        int end = source.indexOf(RAW_END, at);
        int opening = end < 0 ? -1 : source.lastIndexOf("{%", end);
        int closing = end < 0 ? -1 : source.indexOf("%}", end);
        if (opening < at || closing < 0) {
            throw ChatTemplateException.failure("a 'raw' in line " + line(at) + " is not closed");
        }
        String text = source.substring(at, opening);
        out.append("{% raw %}");
        appendText(text, '%', sign(opening + 2));
        out.append("{% endraw %}");
        stripNext = source.charAt(closing - 1) == '-';
        at = closing + 2;
        lineStarts = false;
        if (!stripNext && at < source.length() && source.charAt(at) == '\n') {
            at++;
            lineStarts = true;
        }
    }

    private long line(int index) {
        return source.substring(0, index).chars().filter(c -> c == '\n').count() + 1;
    }
}
