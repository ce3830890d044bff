package io.longinfer.model.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The functions that Hugging Face gives to chat templates. Public methods of these names are called by jinjava. */
public final class TemplateFunctions {
    /** The functions' names. */
    static final List<String> NAMES = List.of("raise_exception", "strftime_now");

    /** What Python's {@code strftime} makes of its directives in the C locale. */
    private static final Map<Character, String> DIRECTIVES = Map.ofEntries(
            Map.entry('a', "EEE"),
            Map.entry('A', "EEEE"),
            Map.entry('b', "MMM"),
            Map.entry('B', "MMMM"),
            Map.entry('d', "dd"),
            Map.entry('e', "ppd"),
            Map.entry('F', "uuuu-MM-dd"),
            Map.entry('H', "HH"),
            Map.entry('I', "hh"),
            Map.entry('j', "DDD"),
            Map.entry('m', "MM"),
            Map.entry('M', "mm"),
            Map.entry('p', "a"),
            Map.entry('S', "ss"),
            Map.entry('T', "HH:mm:ss"),
            Map.entry('y', "uu"),
            Map.entry('Y', "uuuu"),
            Map.entry('Z', "zzz"));

    private TemplateFunctions() {}

    /** Ends the rendering with the template's message. */
    public static Object raise_exception(String message) {
        throw ChatTemplateException.refusal(message);
    }

    /** The time of rendering in a format of {@code strftime}. */
    public static Object strftime_now(String format) {
        JinjavaInterpreter interpreter = JinjavaInterpreter.getCurrent();
        long millis = interpreter.getConfig().getDateTimeProvider().getCurrentTimeMillis();
        return strftime(
                format,
                Instant.ofEpochMilli(millis).atZone(interpreter.getConfig().getTimeZone()));
    }

    static String strftime(String format, ZonedDateTime time) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                text.append(c);
                continue;
            }
            boolean unpadded = i + 1 < format.length() && format.charAt(i + 1) == '-';
            i += unpadded ? 2 : 1;
            char directive = i < format.length() ? format.charAt(i) : ' ';
            if (directive == '%') {
                text.append('%');
                continue;
            }
            String pattern = DIRECTIVES.get(directive);
            if (pattern == null) {
                throw ChatTemplateException.failure("strftime_now knows no %" + directive);
            }
            String value = DateTimeFormatter.ofPattern(pattern, Locale.US).format(time);
            text.append(unpadded ? value.replaceFirst("^[0 ](?=.)", "") : value);
        }
        return text.toString();
    }
}
