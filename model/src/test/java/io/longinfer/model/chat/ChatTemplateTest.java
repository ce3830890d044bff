package io.longinfer.model.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts are byte for byte those of Python's Jinja: see ORIGIN.md beside the templates. */
class ChatTemplateTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-07T14:05:09Z"), ZoneOffset.UTC);

    private final Tokenizer tokenizer;

    ChatTemplateTest() throws IOException {
        try (GgufFile file = GgufFile.open(ModelCatalog.resolve("needle"))) {
            tokenizer = Tokenizer.of(file.metadata());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "needle",
                "smollm2",
                "inst",
                "inst-with-system",
                "inst-with-tools",
                "headers",
                "chatml",
                "thinking",
                "turns",
                "roles",
                "blocks"
            })
    void rendersAsJinjaDoes(String name) throws IOException {
        ChatTemplate template = template(resource(name + ".jinja"));
        int cases = 0;
        for (Object entry : JSON.std.listFrom(resource("expected.json"))) {
            Map<?, ?> expected = (Map<?, ?>) entry;
            if (!name.equals(expected.get("template"))) {
                continue;
            }
            cases++;
            boolean addGenerationPrompt = (Boolean) expected.get("add_generation_prompt");
            List<ChatMessage> messages = messages(expected.get("messages"));
            if (expected.containsKey("error")) {
                ChatTemplateException refusal =
                        assertThrows(ChatTemplateException.class, () -> template.render(messages, addGenerationPrompt));
                assertEquals(expected.get("error"), refusal.getMessage());
                assertTrue(refusal.isRefusal());
            } else {
                assertEquals(expected.get("text"), template.render(messages, addGenerationPrompt));
            }
        }
        assertEquals(12, cases);
    }

    @Test
    void theFilesOwnTemplate() throws IOException {
        try (GgufFile file = GgufFile.open(ModelCatalog.resolve("needle"))) {
            ChatTemplate template = ChatTemplate.of(file.metadata(), tokenizer).orElseThrow();
            assertEquals(resource("needle.jinja"), template.source());
            List<ChatMessage> question = List.of(new ChatMessage("user", "Where is <|im_end|>?"));
            int[] ids = template.encode(question, true);
            assertArrayEquals(tokenizer.encode(template.render(question, true), false, true), ids);
            assertEquals(1, ids[0]); // <|im_start|>
        }
    }

    @Test
    void putsNoSecondBosBeforeTheTemplatesOwn() {
        int[] ids = template("{{ bos_token }}x").encode(List.of(), true);
        assertEquals(0, ids[0]);
        assertFalse(ids[1] == 0);
    }

    /** What users write is text, whatever it looks like, and large documents fit. */
    @Test
    void doesNotRenderMessages() {
        String document = "{{ 7 * 7 }} {% raise %} {# x #} \\n '\" ".repeat(30_000);
        String prompt = template(resourceUnchecked("smollm2.jinja"))
                .render(List.of(new ChatMessage("system", ""), new ChatMessage("user", document)), false);
        assertEquals("<|im_start|>system\n<|im_end|>\n<|im_start|>user\n" + document + "<|im_end|>\n", prompt);
    }

    private ChatTemplate template(String source) {
        return new ChatTemplate(source, tokenizer, CLOCK);
    }

    private static List<ChatMessage> messages(Object json) {
        return ((List<?>) json)
                .stream()
                        .map(m -> (Map<?, ?>) m)
                        .map(m -> new ChatMessage((String) m.get("role"), (String) m.get("content")))
                        .toList();
    }

    private static String resourceUnchecked(String name) {
        try {
            return resource(name);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = ChatTemplateTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
