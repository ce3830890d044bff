package io.longinfer.model.chat;

/** Python's string literals. */
final class PythonLiteral {
    private PythonLiteral() {}

    /** What a literal means, the quotes taken away: an unknown escape stands for itself. */
    static String unescape(String literal) {
        StringBuilder text = new StringBuilder(literal.length());
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\' || i + 1 == literal.length()) {
                text.append(c);
                continue;
            }
            char escape = literal.charAt(++i);
            switch (escape) {
                case 'n' -> text.append('\n');
                case 't' -> text.append('\t');
                case 'r' -> text.append('\r');
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case '\\', '\'', '"' -> text.append(escape);
                case '\n' -> {}
                case 'x', 'u', 'U' -> {
                    int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
                    text.appendCodePoint(codePoint(literal, i + 1, digits));
                    i += digits;
                }
                default -> text.append('\\').append(escape);
            }
        }
        return text.toString();
    }

    private static int codePoint(String literal, int from, int digits) {
        String hex = from + digits <= literal.length() ? literal.substring(from, from + digits) : "";
        if (!hex.matches("[0-9a-fA-F]{2,8}") || Long.parseLong(hex, 16) > Character.MAX_CODE_POINT) {
            throw ChatTemplateException.failure("'" + literal + "' has an escape that stands for no character");
        }
        return Integer.parseInt(hex, 16);
    }
}
