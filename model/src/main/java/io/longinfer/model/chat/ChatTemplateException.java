package io.longinfer.model.chat;

/** A chat template refuses the conversation, in its own words, or cannot be rendered. */
public final class ChatTemplateException extends RuntimeException {
    private final boolean refused;

    private ChatTemplateException(String message, boolean refused) {
        super(message);
        this.refused = refused;
    }

    /** The template called {@code raise_exception} with this message. */
    static ChatTemplateException refusal(String message) {
        return new ChatTemplateException(message, true);
    }

    /** The template is wrong, asks for what is not supported, or exceeds a limit. */
    static ChatTemplateException failure(String message) {
        return new ChatTemplateException("the model's chat template cannot be rendered: " + message, false);
    }

    /** Whether the message is the template's own, and the conversation to blame. */
    public boolean isRefusal() {
        return refused;
    }
}
