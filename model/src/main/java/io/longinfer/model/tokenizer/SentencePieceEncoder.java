package io.longinfer.model.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * SentencePiece BPE: the characters of a text, spaces spelled U+2581, are merged into the neighbours' token of the highest
 * score, or by ranked merges where a file has those; a character that is no token falls back to the tokens of its bytes. Immutable, safe for any thread.
 */
final class SentencePieceEncoder implements TextEncoder {
    /** Stands for a space in the vocabulary. */
    static final char SPACE = '\u2581';

    /** When a fragment of text gets U+2581 before it. */
    enum SpacePrefix {
        NEVER,
        /** Whatever the fragment begins with. */
        ALWAYS,
        /** Unless the fragment begins with a space itself. */
        IF_MISSING,
        /** As {@link #IF_MISSING}, at the beginning of the text only. */
        IF_MISSING_AT_START
    }

    private final Vocabulary vocabulary;
    private final Optional<MergeTable> merges;
    private final SpacePrefix spacePrefix;
    private final TokenTable tokens;
    private final int[] tokenOfByte = new int[256];

    /** An encoder that merges by {@code merges} if given, else by the vocabulary's scores. */
    SentencePieceEncoder(Vocabulary vocabulary, Optional<MergeTable> merges, SpacePrefix spacePrefix) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.spacePrefix = spacePrefix;
        byte[][] keys = new byte[vocabulary.size()][];
        for (int id = 0; id < keys.length; id++) {
            keys[id] = vocabulary.texts()[id].getBytes(StandardCharsets.UTF_8);
        }
        tokens = new TokenTable(keys);
        for (int b = 0; b < tokenOfByte.length; b++) {
            byte[] name = "<0x%02X>".formatted(b).getBytes(StandardCharsets.US_ASCII);
            int named = tokens.find(name, 0, name.length);
            tokenOfByte[b] = named != PairMerger.NO_TOKEN ? named : tokens.find(new byte[] {(byte) b}, 0, 1);
        }
    }

    static SentencePieceEncoder of(Vocabulary vocabulary) {
        return new SentencePieceEncoder(
                vocabulary, Optional.empty(), vocabulary.addSpacePrefix() ? SpacePrefix.ALWAYS : SpacePrefix.NEVER);
    }

    @Override
    public void encode(String text, int from, int to, boolean first, IntSequence ids) {
        String prefix = first && getsSpace(text, from) ? String.valueOf(SPACE) : "";
        Utf8Text utf8 = new Utf8Text(prefix, text, from, to, ' ', SPACE);
        byte[] bytes = utf8.bytes();
        PairMerger merger = new PairMerger(
                merges.isPresent() ? merges.get() : (left, right, start, end) -> pair(bytes, start, end));
        merger.begin(0);
        int at = 0;
        for (int i = 0; i < utf8.length(); i++) {
            int end = at + Utf8Text.sizeBytes(utf8.codePoints()[i]);
            merger.add(tokens.find(bytes, at, end), end);
            at = end;
        }
        merger.merge();
        for (int symbol = merger.first(); symbol >= 0; symbol = merger.after(symbol)) {
            append(bytes, merger, symbol, ids);
        }
    }

    private boolean getsSpace(String text, int from) {
        boolean missing = text.charAt(from) != ' ' && text.charAt(from) != SPACE;
        return switch (spacePrefix) {
            case NEVER -> false;
            case ALWAYS -> true;
            case IF_MISSING -> missing;
            case IF_MISSING_AT_START -> missing && from == 0;
        };
    }

    private long pair(byte[] text, int from, int to) {
        int merged = tokens.find(text, from, to);
        return merged == PairMerger.NO_TOKEN
                ? PairMerger.NO_PAIR
                : PairMerger.pair(priority(vocabulary.scores()[merged]), merged);
    }

    /** An int that is the lower the higher the score. */
    private static int priority(float score) {
        int bits = Float.floatToRawIntBits(score + 0f); // -0 becomes 0
        return bits >= 0 ? ~bits : bits & Integer.MAX_VALUE;
    }

    private void append(byte[] text, PairMerger merger, int symbol, IntSequence ids) {
        if (merger.token(symbol) != PairMerger.NO_TOKEN) {
            ids.add(merger.token(symbol));
            return;
        }
        for (int i = merger.from(symbol); i < merger.to(symbol); i++) {
            int id = tokenOfByte[text[i] & 0xFF];
            if (id != PairMerger.NO_TOKEN) {
                ids.add(id);
            } else {
                vocabulary.unknown().ifPresent(ids::add);
            }
        }
    }

    @Override
    public byte[] bytes(int id) {
        if (vocabulary.types()[id] == TokenType.BYTE) {
            return new byte[] {(byte) byteValue(vocabulary.texts()[id])};
        }
        return vocabulary.texts()[id].replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
    }

    /** The value that a byte token's name such as {@code <0x0A>} gives, or a negative number if it is no such name. */
    static int byteValue(String name) {
        boolean wellFormed = name.length() == 6 && name.startsWith("<0x") && name.endsWith(">");
        int high = wellFormed ? Character.digit(name.charAt(3), 16) : -1;
        int low = wellFormed ? Character.digit(name.charAt(4), 16) : -1;
        return high < 0 || low < 0 ? -1 : 16 * high + low;
    }
}
