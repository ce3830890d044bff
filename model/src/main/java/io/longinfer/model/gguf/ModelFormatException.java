package io.longinfer.model.gguf;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A model file is not what it should be, or asks for something that is not supported: names the file, the place, the field,
 * what was found there and what was expected.
 */
public final class ModelFormatException extends IOException {
    /** Stands for "no particular place" as an offset. */
    public static final long NO_OFFSET = -1;

    private static final int SHOWN_CHARACTERS = 120;

    private final transient Path file;
    private final long offset;
    private final String field;
    private final String value;
    private final String expectation;

    /**
     * The message is composed of the parts.
     *
     * @param offset byte offset of the field in the file, or {@link #NO_OFFSET}
     * @param value what was found
     * @param expectation what would have been right, completing the words "expected ..."
     */
    public ModelFormatException(Path file, long offset, String field, Object value, String expectation) {
        super(file + ": " + printable(field) + (offset == NO_OFFSET ? "" : " at byte " + offset) + " is "
                + printable(String.valueOf(value)) + ", expected " + printable(expectation));
        this.file = file;
        this.offset = offset;
        this.field = field;
        this.value = String.valueOf(value);
        this.expectation = expectation;
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** Byte offset of the field, or {@link #NO_OFFSET}. */
    public long offset() {
        return offset;
    }

    /** What in the file is wrong. */
    public String field() {
        return field;
    }

    /** What was found. */
    public String value() {
        return value;
    }

    /** What was expected. */
    public String expectation() {
        return expectation;
    }

    /** Texts come from the file: control characters must not reach a terminal, nor a megabyte of them a log. */
    private static String printable(String text) {
        String shown = text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "...";
        return shown.codePoints()
                .map(c -> Character.isISOControl(c) ? '\uFFFD' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
