package io.longinfer.model.chat;

import io.longinfer.model.gguf.GgufMetadata;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.tokenizer.Tokenizer;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a model wants conversations written: the template that its file holds, rendered as Hugging Face's
 * libraries do. Immutable, safe for any thread.
 */
public final class ChatTemplate {
    private static final String KEY = "tokenizer.chat_template";

    private final String template;
    private final Tokenizer tokenizer;
    private final String bos;
    private final String eos;
    private final Clock clock;

    ChatTemplate(String template, Tokenizer tokenizer, Clock clock) {
        this.template = template;
        this.tokenizer = tokenizer;
        this.bos = name(tokenizer, tokenizer.bos());
        this.eos = name(tokenizer, tokenizer.eos());
        this.clock = clock;
    }

    /** The template of a model's file, if it has one. */
    public static Optional<ChatTemplate> of(GgufMetadata metadata, Tokenizer tokenizer) throws ModelFormatException {
        return metadata.stringIf(KEY).map(text -> of(text, tokenizer));
    }

    /** A template that was found elsewhere. */
    public static ChatTemplate of(String template, Tokenizer tokenizer) {
        return new ChatTemplate(template, tokenizer, Clock.system(ZoneId.systemDefault()));
    }

    private static String name(Tokenizer tokenizer, OptionalInt id) {
        return id.isPresent() ? tokenizer.decode(new int[] {id.getAsInt()}) : "";
    }

    /** The template as it stands in the file. */
    public String source() {
        return template;
    }

    /**
     * The prompt for a conversation. Names of control tokens in it are to be read as those tokens: see {@link #encode}.
     *
     * @param addGenerationPrompt whether the prompt ends with the beginning of the assistant's answer
     * @throws ChatTemplateException if the template refuses the conversation or cannot be rendered
     */
    public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
        List<Object> turns = new ArrayList<>(messages.size());
        for (ChatMessage message : messages) {
            Map<String, Object> turn = new LinkedHashMap<>();
            turn.put("role", message.role());
            turn.put("content", message.content());
            turns.add(turn);
        }
        Map<String, Object> variables = new HashMap<>();
        variables.put("messages", turns);
        variables.put("bos_token", bos);
        variables.put("eos_token", eos);
        variables.put("add_generation_prompt", addGenerationPrompt);
        return TemplateEngine.render(template, variables, clock);
    }

    /**
     * The token ids of the prompt for a conversation: control tokens parsed, and a BOS token before them where the model's file
     * asks for one and the template has not put it there itself.
     *
     * @throws ChatTemplateException if the template refuses the conversation or cannot be rendered
     */
    public int[] encode(List<ChatMessage> messages, boolean addGenerationPrompt) {
        String prompt = render(messages, addGenerationPrompt);
        boolean hasBos = !bos.isEmpty() && prompt.startsWith(bos);
        return tokenizer.encode(prompt, !hasBos, true);
    }
}
