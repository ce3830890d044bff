package io.longinfer.model.tokenizer;

/** A stretch of text as code points and as UTF-8 at once; a lone surrogate is read as U+FFFD. Immutable. */
final class Utf8Text {
    private static final int REPLACEMENT = 0xFFFD;

    private final int[] codePoints;
    private final byte[] bytes;
    private final int length;
    private final int sizeBytes;

    /** {@code prefix} and {@code text[from, to)}, in which {@code replaced} is read as {@code by}; the prefix is in the BMP. */
    Utf8Text(String prefix, String text, int from, int to, int replaced, int by) {
        int capacity = prefix.length() + to - from;
        codePoints = new int[capacity];
        byte[] encoded = new byte[Math.multiplyExact(3, capacity)];
        int count = 0;
        int end = 0;
        for (int i = 0; i < capacity; count++) {
            int c = codePointAt(prefix, text, from, to, i);
            i += Character.charCount(c);
            c = c == replaced ? by : c >= 0xD800 && c <= 0xDFFF ? REPLACEMENT : c;
            codePoints[count] = c;
            end = write(c, encoded, end);
        }
        length = count;
        sizeBytes = end;
        bytes = encoded;
    }

    private static int codePointAt(String prefix, String text, int from, int to, int index) {
        if (index < prefix.length()) {
            return prefix.charAt(index);
        }
        int at = from + index - prefix.length();
        char c = text.charAt(at);
        return Character.isHighSurrogate(c) && at + 1 < to ? text.codePointAt(at) : c;
    }

    private static int write(int c, byte[] to, int at) {
        int end = at;
        if (c < 0x80) {
            to[end++] = (byte) c;
        } else if (c < 0x800) {
            to[end++] = (byte) (0xC0 | (c >> 6));
            to[end++] = (byte) (0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            to[end++] = (byte) (0xE0 | (c >> 12));
            to[end++] = (byte) (0x80 | ((c >> 6) & 0x3F));
            to[end++] = (byte) (0x80 | (c & 0x3F));
        } else {
            to[end++] = (byte) (0xF0 | (c >> 18));
            to[end++] = (byte) (0x80 | ((c >> 12) & 0x3F));
            to[end++] = (byte) (0x80 | ((c >> 6) & 0x3F));
            to[end++] = (byte) (0x80 | (c & 0x3F));
        }
        return end;
    }

    /** Bytes that a code point takes. */
    static int sizeBytes(int codePoint) {
        return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }

    /** The code points; those from {@link #length()} on mean nothing. */
    int[] codePoints() {
        return codePoints;
    }

    /** Code points. */
    int length() {
        return length;
    }

    /** The bytes; those from {@link #sizeBytes()} on mean nothing. */
    byte[] bytes() {
        return bytes;
    }

    int sizeBytes() {
        return sizeBytes;
    }
}
