package io.longinfer.model.tokenizer;

import io.longinfer.model.gguf.GgufMetadata;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import java.util.OptionalInt;
import java.util.Set;

/** A model's vocabulary and how texts become ids of it. Implementations are immutable and safe for any thread. */
public interface Tokenizer {
    /**
     * The tokenizer that a file describes under {@code tokenizer.ggml.*}.
     *
     * @throws ModelFormatException if the kind of tokenizer is not known here, or the vocabulary contradicts itself
     */
    static Tokenizer of(GgufMetadata metadata) throws ModelFormatException {
        Vocabulary vocabulary = VocabularyReader.read(metadata);
        TextEncoder encoder = switch (vocabulary.kind()) {
            case BYTE_LEVEL -> ByteLevelEncoder.read(metadata, vocabulary);
            case SENTENCE_PIECE -> SentencePieceEncoder.of(vocabulary);
        };
        return new BpeTokenizer(vocabulary, encoder);
    }

    /**
     * The tokenizer that a {@code tokenizer.json} of Hugging Face's tokenizers library describes.
     *
     * @param file the contents of {@code tokenizer.json}
     * @param config those of {@code tokenizer_config.json}, without values if there is none
     * @param ends ids that end a generation, beside the EOS token that {@code config} names
     * @throws ModelFormatException if it asks for anything that is not handled, or contradicts itself
     */
    static Tokenizer of(JsonObject file, JsonObject config, Set<Integer> ends) throws ModelFormatException {
        return new TokenizerJson(file, config).read(ends);
    }

    /**
     * The ids of a text. A lone surrogate is read as U+FFFD. A byte for which a byte-level vocabulary has no token is left
     * out, as llama.cpp and the tokenizers library do.
     *
     * @param addBos puts around the text what the model's file asks for: the BOS token if {@link #addsBos()}, the EOS token
     *     if it says so
     * @param parseSpecial whether the names of control tokens in the text, such as {@code <|im_end|>}, are read as those
     *     tokens; otherwise they are plain text. User-defined tokens are always recognised.
     */
    int[] encode(String text, boolean addBos, boolean parseSpecial);

    /**
     * The text of a whole sequence, control tokens shown by their names: the inverse of {@link #encode}. Bytes that are no
     * UTF-8 become U+FFFD.
     *
     * @throws UnknownTokenException if an id is outside the vocabulary
     */
    default String decode(int[] ids) {
        return decode(ids, true);
    }

    /**
     * The text of a whole sequence. Spaces that {@link #encode} puts before a SentencePiece text are taken away again.
     *
     * @param showSpecial whether control tokens are shown by their names or left out
     * @throws UnknownTokenException if an id is outside the vocabulary
     */
    String decode(int[] ids, boolean showSpecial);

    /**
     * The bytes of one token, a control token's being its name. A copy.
     *
     * @throws UnknownTokenException if the id is outside the vocabulary
     */
    byte[] bytes(int id);

    /**
     * Whether a token is a control token or the unknown token, hidden unless asked for.
     *
     * @throws UnknownTokenException if the id is outside the vocabulary
     */
    boolean isSpecial(int id);

    /** Number of tokens; ids run from 0 to one below it. */
    int vocabularySize();

    /** The token that begins a text. */
    OptionalInt bos();

    /** The token that ends a text. */
    OptionalInt eos();

    /** Whether the model's file asks for a BOS token before every text. */
    boolean addsBos();

    /** Whether a model that produces this token has finished. False for any number that is no id. */
    boolean endsGeneration(int id);

    /** The ids for which {@link #endsGeneration} holds. */
    Set<Integer> endOfGeneration();

    /** A decoder for tokens as they are generated, that hides control tokens. */
    default StreamingDecoder stream() {
        return stream(false);
    }

    /** A decoder for tokens as they are generated. */
    StreamingDecoder stream(boolean showSpecial);
}
