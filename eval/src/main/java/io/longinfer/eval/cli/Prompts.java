package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.documents.DocumentGenerator;
import io.longinfer.eval.documents.DocumentOptions;
import io.longinfer.eval.documents.NeedleDocument;
import io.longinfer.model.Model;
import io.longinfer.model.chat.ChatMessage;
import io.longinfer.model.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes the tokens of a prompt. */
final class Prompts {
    private Prompts() {}

    /** What a user says, as the model's own chat template puts it; as it stands, where the model has none. */
    static int[] chat(Model model, Optional<String> system, String user) {
        return raw(model, chatText(model, system, user));
    }

    /** A sample's prompt, as {@link #chat} puts it if the sample wants that, and behind it how its answer begins. */
    static String sample(Model model, Sample sample) {
        if (!sample.chat()) {
            return sample.prompt() + sample.answerPrefix();
        }
        return chatText(model, Optional.empty(), sample.prompt()) + sample.answerPrefix();
    }

    private static String chatText(Model model, Optional<String> system, String user) {
        if (model.chatTemplate().isEmpty()) {
            return system.map(text -> text + "\n\n" + user).orElse(user);
        }
        List<ChatMessage> messages = new ArrayList<>();
        system.ifPresent(text -> messages.add(new ChatMessage("system", text)));
        messages.add(new ChatMessage("user", user));
        return model.chatTemplate().get().render(messages, true);
    }

    /** A question about a document of that many tokens that holds its answer. */
    static int[] document(Model model, int tokens, long seed) {
        Tokenizer tokenizer = model.tokenizer();
        NeedleDocument document = new DocumentGenerator(text -> tokenizer.encode(text, false, false).length)
                .generate(DocumentOptions.journal(tokens, seed));
        return chat(model, Optional.empty(), document.prompt(document.facts().getFirst()));
    }

    /** A text as it stands, names of special tokens read as those. */
    static int[] raw(Model model, String text) {
        Tokenizer tokenizer = model.tokenizer();
        // Some templates write the BOS token themselves.
        boolean begun = tokenizer.bos().isPresent()
                && text.startsWith(tokenizer.decode(new int[] {tokenizer.bos().getAsInt()}));
        return tokenizer.encode(text, !begun, true);
    }
}
