package io.longinfer.model.tokenizer;

import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import io.longinfer.model.tokenizer.SentencePieceEncoder.SpacePrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a {@code tokenizer.json} does before and after merging: normalizer, pre-tokenizer, post-processor and decoder. A step
 * that is not known is refused by its name. Used while reading.
 */
final class TokenizerSteps {
    private static final String SPACE = String.valueOf(SentencePieceEncoder.SPACE);
    private static final String LETTERS = "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}";
    private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final List<String> ENDINGS = List.of(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
            "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
            "('s|'S|'t|'T|'re|'RE|'Re|'rE|'ve|'VE|'Ve|'vE|'m|'M|'ll|'LL|'Ll|'lL|'d|'D)");

    private final List<SplitRule> splits = new ArrayList<>();
    private boolean byteLevel;
    private boolean composes;
    private boolean marksSpaces;
    private SpacePrefix spacePrefix = SpacePrefix.NEVER;
    private Optional<String> before = Optional.empty();
    private Optional<String> after = Optional.empty();

    TokenizerSteps(JsonObject file) throws ModelFormatException {
        for (JsonObject step : steps(file, "normalizer", "normalizers")) {
            normalize(step);
        }
        for (JsonObject step : steps(file, "pre_tokenizer", "pretokenizers")) {
            preTokenize(step);
        }
        for (JsonObject step : steps(file, "post_processor", "processors")) {
            postProcess(step);
        }
        for (JsonObject step : steps(file, "decoder", "decoders")) {
            decode(step);
        }
    }

    /** The steps of a part, one or a sequence. */
    private static List<JsonObject> steps(JsonObject file, String part, String members) throws ModelFormatException {
        if (!file.contains(part)) {
            return List.of();
        }
        JsonObject step = file.object(part);
        return step.string("type").equals("Sequence") ? step.objects(members) : List.of(step);
    }

    private void normalize(JsonObject step) throws ModelFormatException {
        switch (step.string("type")) {
            case "NFC" -> composes = true;
            case "Prepend" -> {
                require(step, "prepend", SPACE);
                spacePrefix = SpacePrefix.ALWAYS;
            }
            case "Replace" -> {
                require(step.object("pattern"), "String", " ");
                require(step, "content", SPACE);
                marksSpaces = true;
            }
            default -> throw unknown(step, "NFC, Prepend, Replace");
        }
    }

    private void preTokenize(JsonObject step) throws ModelFormatException {
        if (byteLevel) {
            throw step.error("type", "'" + step.string("type") + "'", "nothing after ByteLevel");
        }
        switch (step.string("type")) {
            case "ByteLevel" -> {
                refuse(step, "add_prefix_space");
                byteLevel = true;
                if (step.flag("use_regex", true)) {
                    splits.add(new Gpt2Split());
                }
            }
            case "Split" -> split(step);
            case "Digits" ->
                splits.add(SplitRule.runs(
                        c -> CharacterClass.of(c) == CharacterClass.NUMBER,
                        step.flag("individual_digits", false) ? 1 : Integer.MAX_VALUE));
            case "Metaspace" -> metaspace(step);
            default -> throw unknown(step, "ByteLevel, Split, Digits, Metaspace");
        }
    }

    private void split(JsonObject step) throws ModelFormatException {
        require(step, "behavior", "Isolated");
        refuse(step, "invert");
        splits.add(rule(step.object("pattern")));
    }

    private static SplitRule rule(JsonObject pattern) throws ModelFormatException {
        String regex = pattern.string("Regex");
        if (regex.equals("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+")) {
            return new Gpt2Split();
        }
        if (regex.equals("\\p{N}")) {
            return SplitRule.runs(c -> CharacterClass.of(c) == CharacterClass.NUMBER, 1);
        }
        for (Map.Entry<String, Integer> digits : Map.of("", 1, "{1,3}", 3).entrySet()) {
            for (String endings : ENDINGS) {
                if (regex.equals(endings + LETTERS + digits.getKey() + REST)) {
                    return new TiktokenSplit(digits.getValue());
                }
            }
        }
        throw pattern.error("Regex", "'" + regex + "'", "an expression of GPT-2, Llama 3 or Qwen 2");
    }

    private void metaspace(JsonObject step) throws ModelFormatException {
        require(step, "replacement", SPACE);
        if (step.flag("split", true)) {
            throw step.error("split", true, "false: words are not merged apart");
        }
        String fallback = step.flag("add_prefix_space", true) ? "always" : "never";
        String scheme = step.stringIf("prepend_scheme").orElse(fallback);
        marksSpaces = true;
        spacePrefix = switch (scheme) {
            case "always" -> SpacePrefix.IF_MISSING;
            case "first" -> SpacePrefix.IF_MISSING_AT_START;
            case "never" -> SpacePrefix.NEVER;
            default -> throw step.error("prepend_scheme", "'" + scheme + "'", "'always', 'first' or 'never'");
        };
    }

    private void postProcess(JsonObject step) throws ModelFormatException {
        switch (step.string("type")) {
            case "ByteLevel" -> {
                // Trims the spaces off offsets, which we do not give.
            }
            case "TemplateProcessing" -> template(step);
            default -> throw unknown(step, "ByteLevel, TemplateProcessing");
        }
    }

    /** At most one special token before the sequence and one after it. */
    private void template(JsonObject step) throws ModelFormatException {
        boolean sequence = false;
        for (JsonObject piece : step.objects("single")) {
            if (piece.contains("Sequence") && !sequence) {
                sequence = true;
            } else if (piece.contains("SpecialToken") && (sequence ? after : before).isEmpty()) {
                Optional<String> name = Optional.of(piece.object("SpecialToken").string("id"));
                before = sequence ? before : name;
                after = sequence ? name : after;
            } else {
                throw step.error("single", piece.keys(), "one special token before the text and one after it at most");
            }
        }
        if (!sequence) {
            throw step.error("single", "without a sequence", "the text among the template's pieces");
        }
    }

    /** Nothing follows from the decoder but that ids become text as they do here. */
    private void decode(JsonObject step) throws ModelFormatException {
        switch (step.string("type")) {
            case "ByteLevel", "ByteFallback", "Fuse", "Metaspace", "Strip" -> {
                // The inverse of what encoding did.
            }
            case "Replace" -> {
                require(step.object("pattern"), "String", SPACE);
                require(step, "content", " ");
            }
            default -> throw unknown(step, "ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip");
        }
    }

    private static ModelFormatException unknown(JsonObject step, String known) throws ModelFormatException {
        return step.error("type", "'" + step.string("type") + "'", "one that is handled: " + known);
    }

    private static void require(JsonObject step, String key, String value) throws ModelFormatException {
        if (!step.string(key).equals(value)) {
            throw step.error(key, "'" + step.string(key) + "'", "'" + value + "'");
        }
    }

    private static void refuse(JsonObject step, String flag) throws ModelFormatException {
        if (step.flag(flag, false)) {
            throw step.error(flag, true, "false");
        }
    }

    boolean byteLevel() {
        return byteLevel;
    }

    /** Whether a text is brought into NFC first. */
    boolean composes() {
        return composes;
    }

    /** Whether spaces are spelled U+2581. */
    boolean marksSpaces() {
        return marksSpaces;
    }

    SpacePrefix spacePrefix() {
        return spacePrefix;
    }

    List<SplitRule> splits() {
        return List.copyOf(splits);
    }

    /** The special token that is put before every text. */
    Optional<String> before() {
        return before;
    }

    /** The special token that is put after every text. */
    Optional<String> after() {
        return after;
    }
}
