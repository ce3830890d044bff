package io.longinfer.model.tokenizer;

import java.util.Arrays;

/** The printable characters that stand for bytes in a byte-level vocabulary, as GPT-2 chose them. */
final class ByteAlphabet {
    private static final char[] CHARACTERS = new char[256];
    private static final short[] BYTES = new short[256 + 256];

    static {
        Arrays.fill(BYTES, (short) -1);
        int unprintable = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            CHARACTERS[b] = (char) (printable ? b : unprintable++);
            BYTES[CHARACTERS[b]] = (short) b;
        }
    }

    private ByteAlphabet() {}

    /** The character that stands for a byte from 0 to 255. */
    static char character(int unsignedByte) {
        return CHARACTERS[unsignedByte];
    }

    /** The byte, from 0 to 255, that a character stands for, or a negative number. */
    static int unsignedByte(int character) {
        return character < BYTES.length ? BYTES[character] : -1;
    }

    /** The bytes that a text in this alphabet stands for, or an empty array if it is in no such alphabet. */
    static byte[] bytes(String text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            int unsigned = unsignedByte(text.charAt(i));
            if (unsigned < 0) {
                return new byte[0];
            }
            bytes[i] = (byte) unsigned;
        }
        return bytes;
    }
}
