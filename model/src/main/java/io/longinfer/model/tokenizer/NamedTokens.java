package io.longinfer.model.tokenizer;

import io.longinfer.model.gguf.GgufMetadata;
import io.longinfer.model.gguf.ModelFormatException;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Tokens that llama.cpp treats as special because of what they are called, whatever the file says of them: which end a
 * generation, and which are control tokens though the file calls them normal.
 */
final class NamedTokens {
    /** A role that a file gives to a token by key, or else by a name: of several names the first found counts. */
    private record Role(List<String> keys, boolean endsGeneration, List<String> names) {}

    private static final List<Role> ROLES = List.of(
            new Role(
                    List.of("tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"),
                    false,
                    List.of(
                            "<|fim_prefix|>",
                            "<fim-prefix>",
                            "<fim_prefix>",
                            "<｜fim▁begin｜>",
                            "<PRE>",
                            "▁<PRE>",
                            "<|code_prefix|>",
                            "<|prefix|>")),
            new Role(
                    List.of("tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.suffix_token_id"),
                    false,
                    List.of(
                            "<|fim_suffix|>",
                            "<fim-suffix>",
                            "<fim_suffix>",
                            "<｜fim▁hole｜>",
                            "<SUF>",
                            "▁<SUF>",
                            "<|code_suffix|>",
                            "<|suffix|>")),
            new Role(
                    List.of("tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.middle_token_id"),
                    false,
                    List.of(
                            "<|fim_middle|>",
                            "<fim-middle>",
                            "<fim_middle>",
                            "<｜fim▁end｜>",
                            "<MID>",
                            "▁<MID>",
                            "<|code_middle|>",
                            "<|middle|>")),
            new Role(
                    List.of("tokenizer.ggml.fim_pad_token_id"),
                    true,
                    List.of("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]")),
            new Role(
                    List.of("tokenizer.ggml.fim_rep_token_id"),
                    true,
                    List.of("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>")),
            new Role(List.of("tokenizer.ggml.fim_sep_token_id"), true, List.of("<|file_sep|>")),
            new Role(List.of("tokenizer.ggml.eot_token_id"), true, List.of()),
            new Role(List.of("tokenizer.ggml.eom_token_id"), true, List.of()));

    private static final List<String> ENDS = List.of(
            "<|eot_id|>",
            "<|im_end|>",
            "<|end|>",
            "<|return|>",
            "<|call|>",
            "<|flush|>",
            "<|calls|>",
            "<end_of_turn>",
            "<|endoftext|>",
            "</s>",
            "<|eom_id|>",
            "<EOT>",
            "_<EOT>",
            "[EOT]",
            "[EOS]",
            "<|end_of_text|>",
            "<end_of_utterance>",
            "<eos>",
            "<turn|>",
            "<|tool_response>",
            "<｜end▁of▁sentence｜>",
            "[e~[");

    /** Parts of gpt-oss's format, shown in decoded text. */
    private static final List<String> SHOWN = List.of("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>");

    /** Names that do not swallow the white space after them in Phi-3, where the other atomic tokens do. */
    private static final Set<String> KEEPS_RIGHT_IN_PHI_3 = Set.of("<unk>", "<s>", "<|endoftext|>");

    private final GgufMetadata metadata;
    private final Map<String, Integer> ids;
    private final TokenType[] types;
    private final BitSet ends = new BitSet();

    private NamedTokens(GgufMetadata metadata, Map<String, Integer> ids, TokenType[] types) {
        this.metadata = metadata;
        this.ids = ids;
        this.types = types;
    }

    /** The tokens that end a generation; corrects {@code types} where names say more than the file does. */
    static BitSet endOfGeneration(GgufMetadata metadata, Map<String, Integer> ids, TokenType[] types, OptionalInt eos)
            throws ModelFormatException {
        NamedTokens tokens = new NamedTokens(metadata, ids, types);
        for (Role role : ROLES) {
            tokens.assign(role);
        }
        for (String name : ENDS) {
            tokens.assign(name, true);
        }
        for (String name : SHOWN) {
            if (ids.containsKey(name)) {
                types[ids.get(name)] = TokenType.USER_DEFINED;
            }
        }
        eos.ifPresent(tokens.ends::set);
        tokens.resolveConflicts();
        return tokens.ends;
    }

    /** The atomic tokens that swallow the white space after them: those of Phi-3, known by the model's name as in llama.cpp. */
    static BitSet stripsRight(String modelName, Map<String, Integer> ids, TokenType[] types) {
        BitSet strips = new BitSet();
        String name = modelName.toLowerCase(Locale.ROOT);
        if (name.contains("phi-3") || name.contains("phi3")) {
            for (int id = 0; id < types.length; id++) {
                strips.set(id, types[id].isAtomic());
            }
            if (ids.containsKey("</s>")) {
                strips.set(ids.get("</s>"));
            }
            for (String kept : KEEPS_RIGHT_IN_PHI_3) {
                if (ids.containsKey(kept)) {
                    strips.clear(ids.get(kept));
                }
            }
        }
        return strips;
    }

    private void assign(Role role) throws ModelFormatException {
        OptionalInt given = OptionalInt.empty();
        for (String key : role.keys) {
            OptionalInt id = VocabularyReader.id(metadata, key, types.length);
            given = id.isPresent() ? id : given;
        }
        if (given.isPresent()) {
            if (role.endsGeneration) {
                ends.set(given.getAsInt());
            }
            return;
        }
        for (String name : role.names) {
            if (assign(name, role.endsGeneration)) {
                return;
            }
        }
    }

    private boolean assign(String name, boolean endsGeneration) {
        Integer id = ids.get(name);
        if (id == null) {
            return false;
        }
        if (endsGeneration) {
            ends.set(id);
        }
        if (types[id] != TokenType.UNKNOWN) {
            types[id] = TokenType.CONTROL;
        }
        return true;
    }

    /** Where a format has an end of its own, a name that means an end elsewhere does not. */
    private void resolveConflicts() {
        boolean harmony = ends("<|return|>") && (ends("<|call|>") || ends("<|calls|>"));
        boolean solar = ends("<|flush|>") && (ends("<|call|>") || ends("<|calls|>"));
        if (ends("<|end|>") && (harmony || solar)) {
            ends.clear(ids.get("<|end|>"));
            types[ids.get("<|end|>")] = TokenType.USER_DEFINED;
        }
        if (ends("</s>") && ends("<|tool_response>")) {
            ends.clear(ids.get("</s>"));
            types[ids.get("</s>")] = TokenType.NORMAL;
        }
    }

    private boolean ends(String name) {
        return ids.containsKey(name) && ends.get(ids.get(name));
    }
}
