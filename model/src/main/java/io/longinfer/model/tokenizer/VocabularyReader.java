package io.longinfer.model.tokenizer;

import io.longinfer.model.gguf.GgufMetadata;
import io.longinfer.model.gguf.ModelFormatException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Reads the vocabulary of a GGUF file and checks it against itself. */
final class VocabularyReader {
    static final String MERGES = "tokenizer.ggml.merges";

    private static final String MODEL = "tokenizer.ggml.model";
    private static final String PRE = "tokenizer.ggml.pre";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final String SCORES = "tokenizer.ggml.scores";
    private static final String BOS = "tokenizer.ggml.bos_token_id";
    private static final String EOS = "tokenizer.ggml.eos_token_id";
    private static final String UNKNOWN = "tokenizer.ggml.unknown_token_id";
    private static final String ADD_BOS = "tokenizer.ggml.add_bos_token";
    private static final String ADD_EOS = "tokenizer.ggml.add_eos_token";
    private static final String ADD_SPACE_PREFIX = "tokenizer.ggml.add_space_prefix";
    private static final String NAME = "general.name";

    private final GgufMetadata metadata;

    private VocabularyReader(GgufMetadata metadata) {
        this.metadata = metadata;
    }

    static Vocabulary read(GgufMetadata metadata) throws ModelFormatException {
        return new VocabularyReader(metadata).read();
    }

    /** The pre-tokenizer that the file names; as in llama.cpp, a file that names none gets {@code default}. */
    static PreTokenizer preTokenizer(GgufMetadata metadata) throws ModelFormatException {
        String name = metadata.stringIf(PRE).filter(n -> !n.isEmpty()).orElse("default");
        return PreTokenizer.named(name)
                .orElseThrow(() -> metadata.error(
                        PRE,
                        "'" + name + "'",
                        "a known pre-tokenizer: " + String.join(", ", PreTokenizer.knownNames())));
    }

    /** The token id under a key, if the key is there. */
    static OptionalInt id(GgufMetadata metadata, String key, int vocabularySize) throws ModelFormatException {
        OptionalLong id = metadata.integerIf(key);
        if (id.isEmpty()) {
            return OptionalInt.empty();
        }
        if (id.getAsLong() < 0 || id.getAsLong() >= vocabularySize) {
            throw metadata.error(key, id.getAsLong(), "a token id from 0 to " + (vocabularySize - 1));
        }
        return OptionalInt.of((int) id.getAsLong());
    }

    private Vocabulary read() throws ModelFormatException {
        Vocabulary.Kind kind = kind();
        boolean byteLevel = kind == Vocabulary.Kind.BYTE_LEVEL;
        String[] texts = texts();
        Map<String, Integer> ids = idsByText(texts);
        TokenType[] types = types(texts.length);
        float[] scores = scores(texts.length, !byteLevel);
        if (!byteLevel) {
            checkByteNames(texts, types);
        }
        OptionalInt bos = id(BOS, byteLevel ? -1 : 1, texts.length);
        OptionalInt eos = id(EOS, byteLevel ? -1 : 2, texts.length);
        BitSet ends = NamedTokens.endOfGeneration(metadata, ids, types, eos);
        return new Vocabulary(
                kind,
                texts,
                types,
                scores,
                bos,
                eos,
                id(UNKNOWN, byteLevel ? -1 : 0, texts.length),
                adds(ADD_BOS, BOS, bos, byteLevel ? preTokenizer(metadata).wholeWordsFirst() : true),
                adds(ADD_EOS, EOS, eos, false),
                !byteLevel && metadata.flag(ADD_SPACE_PREFIX, true),
                NamedTokens.stripsRight(metadata.stringIf(NAME).orElse(""), ids, types),
                ends);
    }

    private Vocabulary.Kind kind() throws ModelFormatException {
        String model = metadata.string(MODEL);
        return switch (model) {
            case "gpt2" -> Vocabulary.Kind.BYTE_LEVEL;
            case "llama" -> Vocabulary.Kind.SENTENCE_PIECE;
            default ->
                throw metadata.error(
                        MODEL,
                        "'" + model + "'",
                        "a known kind of tokenizer: gpt2 (byte-level BPE), llama (SentencePiece BPE)");
        };
    }

    private String[] texts() throws ModelFormatException {
        String[] texts = metadata.strings(TOKENS);
        if (texts.length == 0) {
            throw metadata.error(TOKENS, "an empty array", "at least one token");
        }
        for (int id = 0; id < texts.length; id++) {
            if (texts[id].isEmpty()) {
                texts[id] = "[EMPTY_" + id + "]"; // as llama.cpp calls it; it never occurs in a text
            }
        }
        return texts;
    }

    private Map<String, Integer> idsByText(String[] texts) throws ModelFormatException {
        Map<String, Integer> ids = HashMap.newHashMap(texts.length);
        for (int id = 0; id < texts.length; id++) {
            Integer other = ids.putIfAbsent(texts[id], id);
            if (other != null) {
                throw metadata.error(
                        TOKENS, "'" + texts[id] + "' at " + other + " and at " + id, "every token to have one id");
            }
        }
        return ids;
    }

    private TokenType[] types(int count) throws ModelFormatException {
        TokenType[] types = new TokenType[count];
        Arrays.fill(types, TokenType.NORMAL);
        if (metadata.contains(TYPES)) {
            int[] numbers = metadata.ints(TYPES);
            checkLength(TYPES, numbers.length, count);
            for (int id = 0; id < count; id++) {
                int number = numbers[id];
                int token = id;
                types[id] = TokenType.numbered(number)
                        .orElseThrow(() ->
                                metadata.error(TYPES, number + " for token " + token, "a token type from 0 to 6"));
            }
        }
        return types;
    }

    private float[] scores(int count, boolean required) throws ModelFormatException {
        if (!required && !metadata.contains(SCORES)) {
            return new float[0];
        }
        float[] scores = metadata.floats(SCORES);
        checkLength(SCORES, scores.length, count);
        for (int id = 0; id < count; id++) {
            if (Float.isNaN(scores[id])) {
                throw metadata.error(SCORES, "NaN for token " + id, "a number");
            }
        }
        return scores;
    }

    private void checkLength(String key, int length, int tokens) throws ModelFormatException {
        if (length != tokens) {
            throw metadata.error(key, "an array of " + length, "one value for each of the " + tokens + " tokens");
        }
    }

    private void checkByteNames(String[] texts, TokenType[] types) throws ModelFormatException {
        for (int id = 0; id < texts.length; id++) {
            if (types[id] == TokenType.BYTE && SentencePieceEncoder.byteValue(texts[id]) < 0) {
                throw metadata.error(
                        TOKENS, "'" + texts[id] + "' at index " + id, "the name of a byte token such as <0x0A>");
            }
        }
    }

    private OptionalInt id(String key, int fallback, int vocabularySize) throws ModelFormatException {
        OptionalInt given = id(metadata, key, vocabularySize);
        boolean useFallback = given.isEmpty() && fallback >= 0 && fallback < vocabularySize;
        return useFallback ? OptionalInt.of(fallback) : given;
    }

    /** Whether a token is put at an end of every text; a file that asks for it must say which token. */
    private boolean adds(String key, String idKey, OptionalInt id, boolean fallback) throws ModelFormatException {
        boolean adds = metadata.flag(key, fallback);
        if (adds && id.isEmpty() && metadata.contains(key)) {
            throw metadata.error(idKey, "absent", "a token id, since " + key + " is true");
        }
        return adds && id.isPresent();
    }
}
