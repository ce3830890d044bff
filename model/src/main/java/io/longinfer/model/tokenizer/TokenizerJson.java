package io.longinfer.model.tokenizer;

import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Makes a tokenizer of a {@code tokenizer.json}: byte-level BPE (GPT-2, Llama 3, Qwen, SmolLM) and SentencePiece-like BPE with
 * ranked merges (Llama 2, Mistral). What the file asks for and is not handled is refused by name. Used once.
 */
final class TokenizerJson {
    /** Truncation and padding serve batches of training texts; the library's users set them anew with every call. */
    private static final Set<String> HANDLED = Set.of(
            "version",
            "truncation",
            "padding",
            "added_tokens",
            "normalizer",
            "pre_tokenizer",
            "post_processor",
            "decoder",
            "model");

    private static final Set<String> MODEL_HANDLED = Set.of(
            "type",
            "dropout",
            "unk_token",
            "continuing_subword_prefix",
            "end_of_word_suffix",
            "fuse_unk",
            "byte_fallback",
            "ignore_merges",
            "vocab",
            "merges");

    private final JsonObject file;
    private final JsonObject config;
    private final JsonObject model;

    TokenizerJson(JsonObject file, JsonObject config) throws ModelFormatException {
        this.file = file;
        this.config = config;
        for (String key : file.keys()) {
            if (!HANDLED.contains(key)) {
                throw file.error(key, "present", "only what is handled: " + HANDLED);
            }
        }
        model = file.object("model");
    }

    Tokenizer read(Set<Integer> ends) throws ModelFormatException {
        checkModel();
        TokenizerSteps steps = new TokenizerSteps(file);
        boolean byteLevel = steps.byteLevel();
        TokenizerEntries entries = new TokenizerEntries(file, model, !byteLevel);
        if (!byteLevel) {
            checkSentencePiece(steps, entries);
        }
        entries.checkNormalized(!byteLevel);
        OptionalInt templateBos = id(entries, steps.before());
        OptionalInt templateEos = id(entries, steps.after());
        OptionalInt namedEos = configToken(entries, "eos_token");
        OptionalInt bos = templateBos.isPresent() ? templateBos : configToken(entries, "bos_token");
        OptionalInt eos = namedEos.isPresent() ? namedEos : templateEos;
        BitSet endOfGeneration = new BitSet();
        eos.ifPresent(endOfGeneration::set);
        for (int id : ends) {
            if (id < 0 || id >= entries.size()) {
                throw file.error("model.vocab", "no token " + id, "the token that ends a generation");
            }
            endOfGeneration.set(id);
        }
        Vocabulary vocabulary = new Vocabulary(
                byteLevel ? Vocabulary.Kind.BYTE_LEVEL : Vocabulary.Kind.SENTENCE_PIECE,
                entries.texts(),
                entries.types(),
                new float[0],
                bos,
                eos,
                entries.unknown(),
                adds("add_bos_token", "bos_token", bos, templateBos.isPresent()),
                adds("add_eos_token", "eos_token", eos, templateEos.isPresent()),
                steps.spacePrefix() != SentencePieceEncoder.SpacePrefix.NEVER,
                entries.stripsRight(),
                endOfGeneration);
        MergeTable merges = merges(vocabulary);
        TextEncoder encoder = byteLevel
                ? new ByteLevelEncoder(vocabulary, preTokenizer(steps), merges, steps.composes())
                : new SentencePieceEncoder(vocabulary, Optional.of(merges), steps.spacePrefix());
        return new BpeTokenizer(vocabulary, encoder);
    }

    private void checkModel() throws ModelFormatException {
        for (String key : model.keys()) {
            if (!MODEL_HANDLED.contains(key)) {
                throw model.error(key, "present", "only what is handled: " + MODEL_HANDLED);
            }
        }
        String type = model.stringIf("type").orElse("BPE"); // the oldest files do not say
        if (!type.equals("BPE")) {
            throw model.error("type", "'" + type + "'", "'BPE'");
        }
        if (model.contains("dropout") && model.real("dropout") != 0) {
            throw model.error("dropout", model.real("dropout"), "none");
        }
        for (String affix : new String[] {"continuing_subword_prefix", "end_of_word_suffix"}) {
            if (!model.stringIf(affix).orElse("").isEmpty()) {
                throw model.error(affix, "'" + model.string(affix) + "'", "none");
            }
        }
    }

    /** Without a token for every byte, unknown characters would be fused or dropped in ways of their own. */
    private void checkSentencePiece(TokenizerSteps steps, TokenizerEntries entries) throws ModelFormatException {
        if (!steps.marksSpaces()) {
            throw file.error("pre_tokenizer", "without ByteLevel or Metaspace", "byte-level or SentencePiece-like BPE");
        }
        if (steps.composes()) {
            throw file.error("normalizer", "NFC", "none but Prepend and Replace before SentencePiece-like BPE");
        }
        if (!model.flag("byte_fallback", false) || !entries.hasAllBytes()) {
            throw model.error("byte_fallback", "not for all bytes", "true, with tokens <0x00> to <0xFF>");
        }
        if (model.flag("ignore_merges", false)) {
            throw model.error("ignore_merges", true, "false in SentencePiece-like BPE");
        }
    }

    private PreTokenizer preTokenizer(TokenizerSteps steps) throws ModelFormatException {
        return new PreTokenizer(List.of(), model.flag("ignore_merges", false), steps.splits());
    }

    private OptionalInt id(TokenizerEntries entries, Optional<String> name) throws ModelFormatException {
        if (name.isEmpty()) {
            return OptionalInt.empty();
        }
        OptionalInt id = entries.id(name.get());
        if (id.isEmpty()) {
            throw file.error("post_processor", "'" + name.get() + "'", "a token of the vocabulary");
        }
        return id;
    }

    /** A token that {@code tokenizer_config.json} names, as a text or as an object with its content. */
    private OptionalInt configToken(TokenizerEntries entries, String key) throws ModelFormatException {
        if (!config.contains(key)) {
            return OptionalInt.empty();
        }
        String name = config.value(key) instanceof String text
                ? text
                : config.object(key).string("content");
        OptionalInt id = entries.id(name);
        if (id.isEmpty()) {
            throw config.error(key, "'" + name + "'", "a token of tokenizer.json");
        }
        return id;
    }

    /** {@code tokenizer_config.json} has the last word, as it has in the classes that read it. */
    private boolean adds(String key, String tokenKey, OptionalInt id, boolean fallback) throws ModelFormatException {
        boolean adds = config.flag(key, fallback);
        if (adds && id.isEmpty()) {
            throw config.error(tokenKey, "absent", "a token, since " + key + " is true");
        }
        return adds;
    }

    private MergeTable merges(Vocabulary vocabulary) throws ModelFormatException {
        Map<String, Integer> ids = HashMap.newHashMap(vocabulary.size());
        for (int id = 0; id < vocabulary.size(); id++) {
            ids.put(vocabulary.texts()[id], id);
        }
        List<?> lines = model.list("merges");
        MergeTable table = new MergeTable(lines.size());
        for (int rank = 0; rank < lines.size(); rank++) {
            String[] parts = parts(lines.get(rank), rank);
            Integer left = ids.get(parts[0]);
            Integer right = ids.get(parts[1]);
            Integer merged = ids.get(parts[0].concat(parts[1]));
            if (left == null || right == null || merged == null) {
                throw mergeError(rank, lines.get(rank), "two tokens of the vocabulary whose concatenation is another");
            }
            table.add(left, right, rank, merged);
        }
        return table;
    }

    /** A merge is a text with a space between its parts, or in newer files a list of two. */
    private String[] parts(Object merge, int rank) throws ModelFormatException {
        if (merge instanceof String line) {
            int space = line.indexOf(' ', 1);
            if (space > 0 && space < line.length() - 1) {
                return new String[] {line.substring(0, space), line.substring(space + 1)};
            }
        } else if (merge instanceof List<?> pair
                && pair.size() == 2
                && pair.getFirst() instanceof String left
                && pair.getLast() instanceof String right) {
            return new String[] {left, right};
        }
        throw mergeError(rank, merge, "two tokens with a space between them, or a list of two");
    }

    private ModelFormatException mergeError(int rank, Object merge, String expectation) {
        return model.error("merges[" + rank + "]", JsonObject.shown(merge), expectation);
    }
}
