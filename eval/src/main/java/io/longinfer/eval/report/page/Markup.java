package io.longinfer.eval.report.page;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * Builds HTML and SVG; whatever is passed as text or as the value of an attribute is escaped. Every element that is opened must be
 * closed. Not thread-safe.
 */
final class Markup {
    private static final Set<String> VOID = Set.of("meta", "link", "br", "line", "rect", "path", "circle", "polyline");

    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /** Opens an element; {@code attributes} are names and values in turn. Elements without content are closed at once. */
    Markup open(String name, Object... attributes) {
        out.append('<').append(name);
        for (int index = 0; index < attributes.length; index += 2) {
            out.append(' ').append(attributes[index]).append("=\"");
            escape(String.valueOf(attributes[index + 1]));
            out.append('"');
        }
        if (VOID.contains(name)) {
            out.append(name.equals("meta") || name.equals("link") || name.equals("br") ? ">" : "/>");
        } else {
            out.append('>');
            open.push(name);
        }
        return this;
    }

    /** Adds text. */
    Markup text(String text) {
        escape(text);
        return this;
    }

    /** Closes the element that was opened last. */
    Markup close() {
        out.append("</").append(open.pop()).append('>');
        return this;
    }

    /** An element that holds only text. */
    Markup element(String name, String text, Object... attributes) {
        return open(name, attributes).text(text).close();
    }

    /** Breaks the line, for whoever reads the source. */
    Markup line() {
        out.append('\n');
        return this;
    }

    /** A style sheet of ours, which must not be escaped. */
    Markup style(String css) {
        out.append("<style>\n").append(css).append("</style>");
        return this;
    }

    private void escape(String text) {
        for (int index = 0; index < text.length(); index++) {
            char character = text.charAt(index);
            switch (character) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(character < ' ' && character != '\n' && character != '\t' ? '\uFFFD' : character);
            }
        }
    }

    /**
     * What was built.
     *
     * @throws IllegalStateException if an element is open
     */
    @Override
    public String toString() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("element '" + open.peek() + "' is still open");
        }
        return out.toString();
    }
}
