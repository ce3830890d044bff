package io.longinfer.eval.documents;

import java.util.regex.Pattern;

/** Judges answers. */
public final class Answers {
    private Answers() {}

    /** Whether {@code text} names the number {@code value}: all its digits, and no digit more beside them. */
    public static boolean names(String text, String value) {
        return Pattern.compile("(?<![0-9])" + Pattern.quote(value) + "(?![0-9])")
                .matcher(text)
                .find();
    }
}
