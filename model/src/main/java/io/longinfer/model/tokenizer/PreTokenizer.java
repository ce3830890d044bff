package io.longinfer.model.tokenizer;

import java.util.List;
import java.util.Optional;

/**
 * How a byte-level tokenizer cuts a text into words before merging, by the names of {@code tokenizer.ggml.pre}.
 *
 * @param names of those that split alike in llama.cpp
 * @param wholeWordsFirst whether a word that is a token is taken as it is, without merging; files with these pre-tokenizers
 *     also ask for a BOS token unless they say otherwise
 * @param rules applied one after the other, each within the words of the last
 */
record PreTokenizer(List<String> names, boolean wholeWordsFirst, List<SplitRule> rules) {
    private static final List<PreTokenizer> KNOWN = List.of(
            new PreTokenizer(
                    List.of("gpt-2", "phi-2", "mpt", "olmo", "jais", "exaone4", "trillion"),
                    false,
                    List.of(new Gpt2Split())),
            new PreTokenizer(
                    List.of("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"),
                    false,
                    List.of(SplitRule.runs(PreTokenizer::isNumber, 1), new Gpt2Split())),
            new PreTokenizer(
                    List.of("llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2"),
                    true,
                    List.of(new TiktokenSplit(3))),
            new PreTokenizer(List.of("dbrx", "smaug-bpe"), false, List.of(new TiktokenSplit(3))),
            new PreTokenizer(
                    List.of("qwen2", "deepseek-r1-qwen", "megrez", "stablelm2", "hunyuan"),
                    false,
                    List.of(new TiktokenSplit(1))),
            new PreTokenizer(
                    List.of("default"),
                    false,
                    List.of(
                            SplitRule.runs(PreTokenizer::isDefaultPunctuation, Integer.MAX_VALUE),
                            new Gpt2Split(),
                            SplitRule.runs(PreTokenizer::isNumber, Integer.MAX_VALUE),
                            SplitRule.digitTriples())));

    /** The pre-tokenizer that a file calls by that name. */
    static Optional<PreTokenizer> named(String name) {
        return KNOWN.stream().filter(p -> p.names.contains(name)).findFirst();
    }

    /** Every name that is understood. */
    static List<String> knownNames() {
        return KNOWN.stream().flatMap(p -> p.names.stream()).toList();
    }

    /** The ends of the words of the first {@code length} code points, as indices of code points. */
    IntSequence split(int[] codePoints, int length) {
        IntSequence ends = new IntSequence(length / 4);
        IntSequence finer = new IntSequence(rules.size() == 1 ? 0 : length / 4);
        ends.add(length);
        for (SplitRule rule : rules) {
            finer.clear();
            int from = 0;
            for (int word = 0; word < ends.size(); word++) {
                int to = ends.get(word);
                rule.split(codePoints, from, to, finer);
                from = to;
            }
            IntSequence coarser = ends;
            ends = finer;
            finer = coarser;
        }
        return ends;
    }

    private static boolean isNumber(int codePoint) {
        return CharacterClass.of(codePoint) == CharacterClass.NUMBER;
    }

    /** The expression {@code [\p{P}\$\+<=>\^~\|]}: the grave accent is the one ASCII symbol that is not in it. */
    private static boolean isDefaultPunctuation(int codePoint) {
        return switch (codePoint) {
            case '$', '+', '<', '=', '>', '^', '~', '|' -> true;
            default -> CharacterClass.of(codePoint) == CharacterClass.PUNCTUATION;
        };
    }
}
