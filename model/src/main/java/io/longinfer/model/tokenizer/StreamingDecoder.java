package io.longinfer.model.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns tokens into text one by one, as they are generated: a character whose bytes are not all there yet is held back.
 * What is no UTF-8 becomes U+FFFD. Not thread-safe.
 */
public final class StreamingDecoder {
    /** A character takes at most 4 bytes, so at most 3 are held back. */
    private static final int MOST_HELD_BACK = 3;

    private final BpeTokenizer tokenizer;
    private final boolean showSpecial;
    private final boolean dropSpacePrefix;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer pending = ByteBuffer.allocate(64);
    private CharBuffer decoded = CharBuffer.allocate(64);
    private boolean afterAtomicToken = true;

    StreamingDecoder(BpeTokenizer tokenizer, boolean showSpecial, boolean dropSpacePrefix) {
        this.tokenizer = tokenizer;
        this.showSpecial = showSpecial;
        this.dropSpacePrefix = dropSpacePrefix;
    }

    /**
     * Appends what a token completes to {@code text}, often nothing.
     *
     * @throws UnknownTokenException if the id is outside the vocabulary
     */
    public void append(int id, StringBuilder text) {
        byte[] bytes = tokenizer.sharedBytes(id);
        boolean atomic = tokenizer.isAtomic(id);
        if (showSpecial || !tokenizer.isSpecial(id)) {
            boolean drop = dropSpacePrefix && afterAtomicToken && !atomic && bytes.length > 0 && bytes[0] == ' ';
            decode(bytes, drop ? 1 : 0, text);
        }
        afterAtomicToken = atomic;
    }

    /**
     * The text that a token completes, often empty.
     *
     * @throws UnknownTokenException if the id is outside the vocabulary
     */
    public String next(int id) {
        StringBuilder text = new StringBuilder();
        append(id, text);
        return text.toString();
    }

    /** Appends what is still held back, as U+FFFD, to {@code text}, and makes ready for another sequence. */
    public void flush(StringBuilder text) {
        pending.flip();
        decoded.clear();
        utf8.decode(pending, decoded, true);
        utf8.flush(decoded);
        text.append(decoded.flip());
        utf8.reset();
        pending.clear();
        afterAtomicToken = true;
    }

    /** What is still held back, as U+FFFD, or an empty text; makes ready for another sequence. */
    public String flush() {
        StringBuilder text = new StringBuilder();
        flush(text);
        return text.toString();
    }

    private void decode(byte[] bytes, int from, StringBuilder text) {
        if (pending.remaining() < bytes.length) {
            int capacity = 2 * (bytes.length + MOST_HELD_BACK);
            pending = ByteBuffer.allocate(capacity).put(pending.flip());
            decoded = CharBuffer.allocate(capacity);
        }
        pending.put(bytes, from, bytes.length - from).flip();
        decoded.clear();
        utf8.decode(pending, decoded, false);
        pending.compact();
        text.append(decoded.flip());
    }
}
