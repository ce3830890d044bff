package io.longinfer.eval.perplexity;

import java.util.ArrayList;
import java.util.List;

/**
 * How a text of {@code tokens} tokens is cut into windows. Each is read as a sequence of its own: up to {@code dense} tokens as a
 * prompt, the rest one by one; what follows a token that was read one by one is scored, once, in the first window that has it.
 * With {@code stride = window - dense} every token behind the first {@code dense + 1} is scored.
 *
 * @param window most tokens that are read together
 * @param stride from the start of a window to the next
 * @param dense tokens of a window that are read as a prompt, fewer than {@code window}
 */
public record Windows(int tokens, int window, int stride, int dense) {
    /**
     * Tokens that are read together.
     *
     * @param first index of the first
     * @param end index behind the last that is read; the token there is scored if the text has it
     * @param scored index of the first token to score
     */
    public record Window(int first, int end, int scored) {}

    public Windows {
        if (window < 1 || stride < 1 || stride > window) {
            throw new IllegalArgumentException(
                    "a window has at least 1 token and a stride of 1 to as many, not " + window + " and " + stride);
        }
        if (dense < 0 || dense >= window) {
            throw new IllegalArgumentException("of a window of " + window + " tokens 0 to " + (window - 1)
                    + " are read as a prompt, not " + dense);
        }
    }

    /** The windows in order, each with something to score; none if the text is too short. */
    public List<Window> list() {
        List<Window> windows = new ArrayList<>();
        int done = 0;
        for (int first = 0; done < tokens; first += stride) {
            int end = Math.min(first + window, tokens - 1);
            int scored = Math.max(done, first + dense + 1);
            if (scored > end) {
                break;
            }
            windows.add(new Window(first, end, scored));
            done = end + 1;
        }
        return windows;
    }
}
