package io.longinfer.eval.perplexity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longinfer.eval.perplexity.Windows.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowsTest {
    @Test
    void byHand() {
        assertEquals(
                List.of(new Window(0, 8, 5), new Window(4, 12, 9), new Window(8, 13, 13)),
                new Windows(14, 8, 4, 4).list());
        assertEquals(List.of(new Window(0, 8, 5), new Window(4, 12, 9)), new Windows(13, 8, 4, 4).list());
        assertEquals(List.of(new Window(0, 5, 5)), new Windows(6, 8, 4, 4).list());
        assertEquals(List.of(), new Windows(5, 8, 4, 4).list());
        assertEquals(List.of(), new Windows(0, 8, 4, 4).list());
        // As llama.cpp: windows that do not overlap, the second half of each.
        assertEquals(List.of(new Window(0, 8, 5), new Window(8, 16, 13)), new Windows(17, 8, 8, 4).list());
    }

    @Test
    void everyTokenBehindTheFirstDenseOnesIsScoredOnce() {
        for (int tokens = 0; tokens < 60; tokens++) {
            for (int dense = 0; dense < 8; dense++) {
                for (int stride = 1; stride <= 8 - dense; stride++) {
                    int next = dense + 1;
                    for (Window window : new Windows(tokens, 8, stride, dense).list()) {
                        assertEquals(next, window.scored());
                        next = window.end() + 1;
                    }
                    assertEquals(Math.max(tokens, dense + 1), next, tokens + " tokens, " + dense + ", " + stride);
                }
            }
        }
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Windows(10, 8, 9, 4));
        assertThrows(IllegalArgumentException.class, () -> new Windows(10, 8, 0, 4));
        assertThrows(IllegalArgumentException.class, () -> new Windows(10, 8, 4, 8));
        assertThrows(IllegalArgumentException.class, () -> new Windows(10, 0, 0, 0));
    }
}
