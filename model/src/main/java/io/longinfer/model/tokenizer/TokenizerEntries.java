package io.longinfer.model.tokenizer;

import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The tokens of a {@code tokenizer.json}: the model's vocabulary and those added to it. Used while reading. */
final class TokenizerEntries {
    /** Far above any vocabulary: an id takes memory whether or not there is a token of it. */
    private static final int MOST_TOKENS = 1 << 22;

    private final JsonObject model;
    private final boolean namesBytes;
    private final List<JsonObject> added;
    private final Map<String, Integer> ids = new HashMap<>();
    private final String[] texts;
    private final TokenType[] types;
    private final BitSet stripsRight = new BitSet();
    private OptionalInt unknown = OptionalInt.empty();

    /**
     * Reads them.
     *
     * @param namesBytes whether tokens such as {@code <0x0A>} stand for bytes
     */
    TokenizerEntries(JsonObject file, JsonObject model, boolean namesBytes) throws ModelFormatException {
        this.model = model;
        this.namesBytes = namesBytes;
        JsonObject vocab = model.object("vocab");
        added = file.contains("added_tokens") ? file.objects("added_tokens") : List.of();
        int size = 0;
        for (String text : vocab.keys()) {
            size = Math.max(size, put(vocab, text, text, vocab.integer(text)) + 1);
        }
        for (JsonObject token : added) {
            size = Math.max(size, put(token, "id", token.string("content"), token.integer("id")) + 1);
        }
        texts = new String[size];
        types = new TokenType[size];
        fill(vocab);
        for (JsonObject token : added) {
            add(token);
        }
        markUnknown();
    }

    private int put(JsonObject from, String key, String text, long id) throws ModelFormatException {
        if (id < 0 || id >= MOST_TOKENS) {
            throw from.error(key, id, "a token id from 0 to " + (MOST_TOKENS - 1));
        }
        if (text.isEmpty()) {
            throw from.error(key, "the id of an empty text", "tokens that are not empty");
        }
        Integer other = ids.putIfAbsent(text, (int) id);
        if (other != null && other != id) {
            throw from.error(key, id, other + ", the other id of '" + text + "'");
        }
        return (int) id;
    }

    private void fill(JsonObject vocab) throws ModelFormatException {
        for (Map.Entry<String, Integer> entry : ids.entrySet()) {
            int id = entry.getValue();
            if (texts[id] != null) {
                throw vocab.error(entry.getKey(), id, "an id of its own, not that of '" + texts[id] + "'");
            }
            texts[id] = entry.getKey();
            boolean isByte = namesBytes && SentencePieceEncoder.byteValue(entry.getKey()) >= 0;
            types[id] = isByte ? TokenType.BYTE : TokenType.NORMAL;
        }
        for (int id = 0; id < texts.length; id++) {
            if (texts[id] == null) {
                texts[id] = "[UNUSED_" + id + "]";
                types[id] = TokenType.UNUSED;
            }
        }
    }

    private void add(JsonObject token) throws ModelFormatException {
        int id = (int) token.integer("id");
        for (String flag : new String[] {"lstrip", "single_word"}) {
            if (token.flag(flag, false)) {
                throw token.error(flag, true, "false: '" + texts[id] + "' is found wherever it stands");
            }
        }
        types[id] = token.flag("special", false) ? TokenType.CONTROL : TokenType.USER_DEFINED;
        stripsRight.set(id, token.flag("rstrip", false));
    }

    private void markUnknown() throws ModelFormatException {
        Optional<String> name = model.stringIf("unk_token");
        if (name.isPresent()) {
            Integer id = ids.get(name.get());
            if (id == null) {
                throw model.error("unk_token", "'" + name.get() + "'", "a token of the vocabulary");
            }
            unknown = OptionalInt.of(id);
            if (types[id] == TokenType.CONTROL) {
                types[id] = TokenType.UNKNOWN;
            }
        }
    }

    /** Where texts are changed before merging, a token that asks to be searched for in the changed text is refused. */
    void checkNormalized(boolean textChanges) throws ModelFormatException {
        for (JsonObject token : added) {
            if (textChanges && token.flag("normalized", !token.flag("special", false))) {
                throw token.error(
                        "normalized", true, "false: '" + token.string("content") + "' is found in the text as given");
            }
        }
    }

    boolean hasAllBytes() {
        boolean[] found = new boolean[256];
        for (int id = 0; id < texts.length; id++) {
            if (types[id] == TokenType.BYTE) {
                found[SentencePieceEncoder.byteValue(texts[id])] = true;
            }
        }
        for (boolean one : found) {
            if (!one) {
                return false;
            }
        }
        return true;
    }

    OptionalInt id(String text) {
        Integer id = ids.get(text);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    int size() {
        return texts.length;
    }

    String[] texts() {
        return texts.clone();
    }

    TokenType[] types() {
        return Arrays.copyOf(types, types.length);
    }

    OptionalInt unknown() {
        return unknown;
    }

    BitSet stripsRight() {
        return (BitSet) stripsRight.clone();
    }
}
