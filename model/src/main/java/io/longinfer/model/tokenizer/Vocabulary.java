package io.longinfer.model.tokenizer;

import java.util.BitSet;
import java.util.OptionalInt;

/**
 * The tokens of a model, checked: texts are distinct and not empty, arrays are of one length, ids are within it.
 *
 * @param texts as they stand in the file: in the byte alphabet, or with U+2581 for spaces
 * @param scores by which SentencePiece merges, empty for a byte-level vocabulary
 * @param addSpacePrefix whether a text that begins, or follows an atomic token, gets a space before it
 * @param stripsRight atomic tokens that swallow the white space after them
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared, never changed
record Vocabulary(
        Kind kind,
        String[] texts,
        TokenType[] types,
        float[] scores,
        OptionalInt bos,
        OptionalInt eos,
        OptionalInt unknown,
        boolean addBos,
        boolean addEos,
        boolean addSpacePrefix,
        BitSet stripsRight,
        BitSet endOfGeneration) {

    /** How texts are spelled and merged. */
    enum Kind {
        BYTE_LEVEL,
        SENTENCE_PIECE
    }

    int size() {
        return texts.length;
    }
}
