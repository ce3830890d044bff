package io.longinfer.model.tokenizer;

import io.longinfer.model.gguf.GgufMetadata;
import io.longinfer.model.gguf.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.Map;

/**
 * Byte-level BPE: words of a pre-tokenizer, whose bytes are merged by the ranks of the file's merges. Immutable, safe for any
 * thread.
 */
final class ByteLevelEncoder implements TextEncoder {
    private static final int NOTHING = -1;

    private final Vocabulary vocabulary;
    private final PreTokenizer preTokenizer;
    private final MergeTable merges;
    private final TokenTable words;
    private final boolean composes;
    private final int[] tokenOfByte = new int[256];

    /**
     * An encoder of parts that were read elsewhere.
     *
     * @param composes whether texts are brought into Unicode's composed normal form (NFC) first
     */
    ByteLevelEncoder(Vocabulary vocabulary, PreTokenizer preTokenizer, MergeTable merges, boolean composes) {
        this.vocabulary = vocabulary;
        this.composes = composes;
        this.preTokenizer = preTokenizer;
        this.merges = merges;
        byte[][] keys = new byte[vocabulary.size()][];
        for (int id = 0; id < keys.length; id++) {
            keys[id] = ByteAlphabet.bytes(vocabulary.texts()[id]);
        }
        words = new TokenTable(keys);
        for (int b = 0; b < tokenOfByte.length; b++) {
            tokenOfByte[b] = words.find(new byte[] {(byte) b}, 0, 1);
        }
    }

    /** The encoder of a vocabulary whose merges stand in {@code metadata}. */
    static ByteLevelEncoder read(GgufMetadata metadata, Vocabulary vocabulary) throws ModelFormatException {
        return new ByteLevelEncoder(
                vocabulary, VocabularyReader.preTokenizer(metadata), readMerges(metadata, vocabulary.texts()), false);
    }

    private static MergeTable readMerges(GgufMetadata metadata, String[] texts) throws ModelFormatException {
        Map<String, Integer> ids = HashMap.newHashMap(texts.length);
        for (int id = 0; id < texts.length; id++) {
            ids.put(texts[id], id);
        }
        String[] lines = metadata.strings(VocabularyReader.MERGES);
        MergeTable table = new MergeTable(lines.length);
        for (int rank = 0; rank < lines.length; rank++) {
            String line = lines[rank];
            int space = line.indexOf(' ', 1);
            if (space < 0 || space == line.length() - 1) {
                throw mergeError(metadata, rank, line, "two tokens with a space between them");
            }
            Integer left = ids.get(line.substring(0, space));
            Integer right = ids.get(line.substring(space + 1));
            Integer merged = ids.get(line.substring(0, space).concat(line.substring(space + 1)));
            if (left == null || right == null || merged == null) {
                throw mergeError(metadata, rank, line, "two tokens of the vocabulary whose concatenation is another");
            }
            table.add(left, right, rank, merged);
        }
        return table;
    }

    private static ModelFormatException mergeError(GgufMetadata metadata, int rank, String line, String expectation) {
        return metadata.error(VocabularyReader.MERGES, "'" + line + "' at index " + rank, expectation);
    }

    @Override
    public void encode(String text, int from, int to, boolean first, IntSequence ids) {
        if (composes) {
            String composed = Normalizer.normalize(text.subSequence(from, to), Normalizer.Form.NFC);
            encode(new Utf8Text("", composed, 0, composed.length(), NOTHING, NOTHING), ids);
        } else {
            encode(new Utf8Text("", text, from, to, NOTHING, NOTHING), ids);
        }
    }

    private void encode(Utf8Text utf8, IntSequence ids) {
        IntSequence ends = preTokenizer.split(utf8.codePoints(), utf8.length());
        PairMerger merger = new PairMerger(merges);
        int codePoint = 0;
        int start = 0;
        for (int word = 0; word < ends.size(); word++) {
            int end = start;
            for (; codePoint < ends.get(word); codePoint++) {
                end += Utf8Text.sizeBytes(utf8.codePoints()[codePoint]);
            }
            encodeWord(utf8.bytes(), start, end, merger, ids);
            start = end;
        }
    }

    private void encodeWord(byte[] text, int from, int to, PairMerger merger, IntSequence ids) {
        if (preTokenizer.wholeWordsFirst()) {
            int whole = words.find(text, from, to);
            if (whole != PairMerger.NO_TOKEN) {
                ids.add(whole);
                return;
            }
        }
        merger.begin(from);
        for (int i = from; i < to; i++) {
            merger.add(tokenOfByte[text[i] & 0xFF], i + 1);
        }
        merger.merge();
        for (int symbol = merger.first(); symbol >= 0; symbol = merger.after(symbol)) {
            if (merger.token(symbol) != PairMerger.NO_TOKEN) {
                ids.add(merger.token(symbol));
            }
        }
    }

    @Override
    public byte[] bytes(int id) {
        String text = vocabulary.texts()[id];
        byte[] bytes = ByteAlphabet.bytes(text);
        return bytes.length > 0 ? bytes : text.getBytes(StandardCharsets.UTF_8);
    }
}
