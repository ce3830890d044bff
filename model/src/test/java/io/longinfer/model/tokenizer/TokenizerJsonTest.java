package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.json.JsonObject;
import io.longinfer.model.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Vocabularies of GGUF files written as {@code tokenizer.json}, against the same ids: those that llama.cpp made, see ORIGIN.md
 * beside them.
 */
class TokenizerJsonTest {
    private static final Path PATH = Path.of("tokenizer.json");
    private static final Map<String, Object> BYTE_LEVEL =
            Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", true);
    private static final Map<String, Object> BYTES_ALONE =
            Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", false);
    private static final String ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String LLAMA_3 = ENDINGS
            + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private static Map<String, Object> expected;

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = TokenizerJsonTest.class.getResourceAsStream("expected-ids.json")) {
            expected = JSON.std.mapFrom(in);
        }
    }

    private static Object split(String regex) {
        return Map.of("type", "Split", "pattern", Map.of("Regex", regex), "behavior", "Isolated", "invert", false);
    }

    private static Object sequence(String members, Object... steps) {
        return Map.of("type", "Sequence", members, List.of(steps));
    }

    private static Object preTokenizer(String name) {
        return switch (name) {
            case "gpt-2" -> BYTE_LEVEL;
            case "smollm" -> sequence("pretokenizers", Map.of("type", "Digits", "individual_digits", true), BYTE_LEVEL);
            case "llama-bpe" -> sequence("pretokenizers", split(LLAMA_3), BYTES_ALONE);
            case "qwen2" -> sequence("pretokenizers", split(LLAMA_3.replace("{1,3}", "")), BYTES_ALONE);
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** The embedded model's vocabulary. */
    private static Map<String, Object> needle(String name) throws IOException {
        Map<String, Object> metadata = Vocabularies.needleMetadata();
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("ignore_merges", name.equals("llama-bpe"));
        model.put("merges", metadata.get("tokenizer.ggml.merges"));
        Map<String, Object> file = file(metadata, model);
        file.put("pre_tokenizer", preTokenizer(name));
        file.put("decoder", BYTE_LEVEL);
        if (name.equals("llama-bpe")) {
            int bos = ((Number) metadata.get("tokenizer.ggml.bos_token_id")).intValue();
            String text = ((String[]) metadata.get("tokenizer.ggml.tokens"))[bos];
            file.put("post_processor", sequence("processors", BYTE_LEVEL, template(text)));
        }
        return file;
    }

    private static Object template(String bos) {
        return Map.of(
                "type",
                "TemplateProcessing",
                "single",
                List.of(
                        Map.of("SpecialToken", Map.of("id", bos, "type_id", 0)),
                        Map.of("Sequence", Map.of("id", "A", "type_id", 0))));
    }

    private static Map<String, Object> file(Map<String, Object> metadata, Map<String, Object> model) {
        String[] tokens = (String[]) metadata.get("tokenizer.ggml.tokens");
        int[] types = (int[]) metadata.get("tokenizer.ggml.token_type");
        Map<String, Object> vocab = new LinkedHashMap<>();
        List<Object> added = new ArrayList<>();
        for (int id = 0; id < tokens.length; id++) {
            TokenType type = TokenType.numbered(types[id]).orElseThrow();
            vocab.put(tokens[id], id);
            if (type.isAtomic()) {
                added.add(Map.of(
                        "id",
                        id,
                        "content",
                        tokens[id],
                        "special",
                        type.isSpecial(),
                        "normalized",
                        false,
                        "lstrip",
                        false,
                        "rstrip",
                        false,
                        "single_word",
                        false));
            }
        }
        model.put("vocab", vocab);
        Map<String, Object> file = new LinkedHashMap<>();
        file.put("version", "1.0");
        file.put("added_tokens", added);
        file.put("model", model);
        return file;
    }

    /** As the converter of Hugging Face does it: every pair that makes a token, in the order of the scores. */
    private static List<List<String>> merges(String[] tokens, float[] scores) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < tokens.length; id++) {
            ids.put(tokens[id], id);
        }
        List<Integer> byScore = new ArrayList<>(ids.values());
        byScore.sort(Comparator.comparingDouble((Integer id) -> -scores[id]).thenComparingInt(id -> id));
        List<List<String>> merges = new ArrayList<>();
        for (int id : byScore) {
            for (int cut = 1; cut < tokens[id].length(); cut++) {
                String left = tokens[id].substring(0, cut);
                String right = tokens[id].substring(cut);
                if (ids.containsKey(left) && ids.containsKey(right)) {
                    merges.add(List.of(left, right));
                }
            }
        }
        return merges;
    }

    private static Map<String, Object> sentencePiece() throws IOException {
        Map<String, Object> metadata = Vocabularies.sentencePieceMetadata();
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("unk_token", "<unk>");
        model.put("fuse_unk", true);
        model.put("byte_fallback", true);
        model.put("merges", merges((String[]) metadata.get("tokenizer.ggml.tokens"), (float[])
                metadata.get("tokenizer.ggml.scores")));
        Map<String, Object> file = file(metadata, model);
        file.put(
                "normalizer",
                sequence(
                        "normalizers",
                        Map.of("type", "Prepend", "prepend", "▁"),
                        Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "▁")));
        file.put("post_processor", template("<s>"));
        file.put("decoder", sequence("decoders", Map.of("type", "ByteFallback"), Map.of("type", "Fuse")));
        return file;
    }

    private static Tokenizer tokenizer(Map<String, Object> file) throws IOException {
        byte[] bytes = JSON.std.asString(file).getBytes(StandardCharsets.UTF_8);
        return Tokenizer.of(JsonReader.parse(PATH, 0, bytes), JsonObject.empty(PATH), Set.of());
    }

    @ParameterizedTest
    @CsvSource({"gpt-2", "smollm", "llama-bpe", "qwen2"})
    void byteLevelAgrees(String name) throws IOException {
        check(tokenizer(needle(name)), name);
    }

    @Test
    void sentencePieceAgrees() throws IOException {
        check(tokenizer(sentencePiece()), "llama");
    }

    private static void check(Tokenizer tokenizer, String name) {
        List<?> texts = (List<?>) expected.get("texts");
        for (int i = 0; i < texts.size(); i++) {
            String text = (String) texts.get(i);
            assertArrayEquals(ids("plain", name, i), tokenizer.encode(text, false, false), text);
            assertArrayEquals(ids("special", name, i), tokenizer.encode(text, true, true), text);
        }
    }

    private static int[] ids(String kind, String name, int index) {
        List<?> ids = (List<?>) ((List<?>) ((Map<?, ?>) expected.get(kind)).get(name)).get(index);
        return ids.stream().mapToInt(id -> (Integer) id).toArray();
    }

    @ParameterizedTest
    @CsvSource({"always, true, true", "first, true, false", "never, false, false"})
    void metaspacePutsSpacesWhereTheSchemeSays(String scheme, boolean atStart, boolean later) throws IOException {
        Map<String, Object> file = sentencePiece();
        file.remove("normalizer");
        file.put(
                "pre_tokenizer",
                Map.of("type", "Metaspace", "replacement", "▁", "prepend_scheme", scheme, "split", false));
        Tokenizer tokenizer = tokenizer(file);
        assertEquals(atStart, text(tokenizer, "the<s>the").startsWith(" "));
        assertEquals(later, text(tokenizer, "the<s>the").endsWith("<s> the"));
        // A space that is there already is not doubled.
        assertTrue(text(tokenizer, " the").startsWith(" t"));
    }

    private static String text(Tokenizer tokenizer, String text) {
        StringBuilder bytes = new StringBuilder();
        for (int id : tokenizer.encode(text, false, true)) {
            bytes.append(new String(tokenizer.bytes(id), StandardCharsets.UTF_8));
        }
        return bytes.toString();
    }

    @Test
    void composesBeforeSplittingWhereAsked() throws IOException {
        Map<String, Object> file = needle("qwen2");
        file.put("normalizer", Map.of("type", "NFC"));
        Tokenizer composing = tokenizer(file);
        Tokenizer plain = tokenizer(needle("qwen2"));
        assertArrayEquals(plain.encode("é", false, false), composing.encode("e\u0301", false, false));
        assertFalse(plain.encode("e\u0301", false, false).length == plain.encode("é", false, false).length);
    }

    @ParameterizedTest
    @CsvSource({
        "normalizer, Lowercase, normalizer.type",
        "pre_tokenizer, Whitespace, pre_tokenizer.type",
        "post_processor, RobertaProcessing, post_processor.type",
        "decoder, WordPiece, decoder.type"
    })
    void refusesUnknownStepsByName(String part, String type, String field) throws IOException {
        Map<String, Object> file = needle("gpt-2");
        file.put(part, Map.of("type", type));
        ModelFormatException error = assertThrows(ModelFormatException.class, () -> tokenizer(file));
        assertEquals(field, error.field());
        assertTrue(error.value().contains(type), error.getMessage());
    }

    @Test
    void refusesUnknownExpressionsModelsAndFlags() throws IOException {
        Map<String, Object> file = needle("gpt-2");
        file.put("pre_tokenizer", sequence("pretokenizers", split("\\w+"), BYTES_ALONE));
        assertEquals("pre_tokenizer.pretokenizers[0].pattern.Regex", error(file).field());
        file = needle("gpt-2");
        file.put("model", Map.of("type", "Unigram", "vocab", List.of()));
        assertEquals("model.type", error(file).field());
        file = needle("gpt-2");
        file.put("added_tokens", List.of(Map.of("id", 0, "content", "<|endoftext|>", "lstrip", true)));
        assertEquals(
                "added_tokens[0].lstrip",
                error(file).field().replace("<|x|>", ""),
                error(file).getMessage());
    }

    private static ModelFormatException error(Map<String, Object> file) {
        return assertThrows(ModelFormatException.class, () -> tokenizer(file));
    }

    @Test
    void damagedFilesAreRefusedOrHarmless() throws IOException {
        Map<String, Object> small = sentencePiece();
        byte[] whole = JSON.std.asString(small).getBytes(StandardCharsets.UTF_8);
        long seed = System.nanoTime();
        System.err.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        Set<String> refused = new HashSet<>();
        for (int round = 0; round < 400; round++) {
            byte[] bytes = whole.clone();
            int bit = random.nextInt(8 * bytes.length);
            bytes[bit / 8] ^= (byte) (1 << (bit % 8));
            try {
                Tokenizer.of(JsonReader.parse(PATH, 0, bytes), JsonObject.empty(PATH), Set.of())
                        .encode("Hello, world", true, true);
            } catch (ModelFormatException e) {
                refused.add(e.getMessage());
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", bit " + bit, e);
            }
        }
        assertTrue(refused.size() > 50, refused.size() + " refused");
    }
}
