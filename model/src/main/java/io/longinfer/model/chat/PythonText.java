package io.longinfer.model.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** The methods of Python's texts that templates call. Stateless. */
final class PythonText {
    private PythonText() {}

    /** Calls a method of a text. */
    static Object call(String text, String method, Object... arguments) {
        return switch (method) {
            case "strip" -> strip(text, argument(arguments, 0), true, true);
            case "lstrip" -> strip(text, argument(arguments, 0), true, false);
            case "rstrip" -> strip(text, argument(arguments, 0), false, true);
            case "startswith" -> anyMatches(arguments, text::startsWith);
            case "endswith" -> anyMatches(arguments, text::endsWith);
            case "split" -> split(text, argument(arguments, 0), limit(arguments));
            case "replace" -> replace(text, arguments);
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "title" -> title(text);
            case "capitalize" -> capitalize(text);
            case "find" -> (long) text.indexOf(string(arguments, 0));
            case "count" -> count(text, string(arguments, 0));
            case "join" -> join(text, argument(arguments, 0));
            case "reversed" -> new StringBuilder(text).reverse().toString(); // [::-1]
            case "splitlines" -> text.lines().toList();
            default -> throw ChatTemplateException.failure("texts have no method " + method + " here");
        };
    }

    /** Takes white space, or any of {@code characters}, from the ends. */
    static String strip(String text, Object characters, boolean left, boolean right) {
        String set = characters == null ? null : characters.toString();
        int from = 0;
        int to = text.length();
        while (left && from < to && isStripped(text.charAt(from), set)) {
            from++;
        }
        while (right && to > from && isStripped(text.charAt(to - 1), set)) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isStripped(char c, String set) {
        return set == null ? isSpace(c) : set.indexOf(c) >= 0;
    }

    /** Python's {@code str.isspace}: Unicode's white space, and the four ASCII separators. */
    private static boolean isSpace(char c) {
        return (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= ' ') || c == 0x85 || Character.isSpaceChar(c);
    }

    private static List<String> split(String text, Object separator, long limit) {
        if (separator == null) {
            return splitAtSpace(text, limit);
        }
        String by = separator.toString();
        if (by.isEmpty()) {
            throw ChatTemplateException.failure("split by an empty text");
        }
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(by); at >= 0 && parts.size() != limit; at = text.indexOf(by, from)) {
            parts.add(text.substring(from, at));
            from = at + by.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static List<String> splitAtSpace(String text, long limit) {
        List<String> parts = new ArrayList<>();
        String rest = strip(text, null, true, false);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !isSpace(rest.charAt(end))) {
                end++;
            }
            if (parts.size() == limit) {
                parts.add(strip(rest, null, false, true));
                return parts;
            }
            parts.add(rest.substring(0, end));
            rest = strip(rest.substring(end), null, true, false);
        }
        return parts;
    }

    private static long limit(Object... arguments) {
        return argument(arguments, 1) instanceof Number number ? number.longValue() : -1;
    }

    private static String replace(String text, Object... arguments) {
        String replaced = string(arguments, 0);
        String by = string(arguments, 1);
        checkLength(text.length() + Math.max(0L, by.length() - replaced.length()) * count(text, replaced));
        if (!(argument(arguments, 2) instanceof Number number) || number.longValue() < 0) {
            return text.replace(replaced, by);
        }
        List<String> parts = replaced.isEmpty() ? List.of(text) : split(text, replaced, number.longValue());
        return String.join(by, parts);
    }

    private static String title(String text) {
        StringBuilder titled = new StringBuilder(text.length());
        boolean inWord = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            titled.append(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = Character.isLetter(c);
        }
        return titled.toString();
    }

    private static String capitalize(String text) {
        return text.isEmpty()
                ? text
                : Character.toTitleCase(text.charAt(0)) + text.substring(1).toLowerCase(Locale.ROOT);
    }

    private static long count(String text, String part) {
        if (part.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1L;
        }
        return split(text, part, -1).size() - 1L;
    }

    private static String join(String by, Object parts) {
        if (!(parts instanceof Iterable<?> elements)) {
            throw ChatTemplateException.failure("join of what is no list");
        }
        List<String> texts = new ArrayList<>();
        elements.forEach(element -> texts.add(String.valueOf(element)));
        checkLength(texts.stream()
                .mapToLong(text -> (long) text.length() + by.length())
                .sum());
        return String.join(by, texts);
    }

    /** Ends the rendering if a text would be longer than is allowed, before it is made. */
    private static void checkLength(long characters) {
        long limit = JinjavaInterpreter.getCurrent().getConfig().getMaxStringLength();
        if (characters > limit) {
            throw ChatTemplateException.failure("a text of " + characters + " characters, at most " + limit);
        }
    }

    private static boolean anyMatches(Object[] arguments, Predicate<String> test) {
        if (argument(arguments, 0) instanceof Iterable<?> alternatives) {
            for (Object alternative : alternatives) {
                if (test.test(String.valueOf(alternative))) {
                    return true;
                }
            }
            return false;
        }
        return test.test(string(arguments, 0));
    }

    private static Object argument(Object[] arguments, int index) {
        return arguments != null && index < arguments.length ? arguments[index] : null;
    }

    private static String string(Object[] arguments, int index) {
        if (argument(arguments, index) instanceof String text) {
            return text;
        }
        throw ChatTemplateException.failure("a text is missing among a method's arguments");
    }
}
