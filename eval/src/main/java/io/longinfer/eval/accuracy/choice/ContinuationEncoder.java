package io.longinfer.eval.accuracy.choice;

import io.longinfer.model.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * Splits a text into what is read and what is scored, as the harness does: blanks at the context's end belong to what follows; both are
 * encoded together and split where the context alone ends. Stateless.
 */
final class ContinuationEncoder {
    private final Tokenizer tokenizer;

    ContinuationEncoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Tokens of an option.
     *
     * @param context with the BOS token, if the model's file asks for one
     * @param continuation scored, empty if the context's tokens swallow it
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Encoded(int[] context, int[] continuation) {}

    /** The tokens of a context and its continuation. */
    Encoded encode(String context, String continuation) {
        String stripped = context.stripTrailing();
        int[] whole = ids(context + continuation);
        int split = Math.min(ids(stripped).length, whole.length);
        return new Encoded(Arrays.copyOf(whole, split), Arrays.copyOfRange(whole, split, whole.length));
    }

    private int[] ids(String text) {
        int[] ids = tokenizer.encode(text, false, false);
        if (!tokenizer.addsBos() || tokenizer.bos().isEmpty()) {
            return ids;
        }
        int[] begun = new int[ids.length + 1];
        begun[0] = tokenizer.bos().getAsInt();
        System.arraycopy(ids, 0, begun, 1, ids.length);
        return begun;
    }
}
