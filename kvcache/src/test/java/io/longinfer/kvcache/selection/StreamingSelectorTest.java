package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StreamingSelectorTest {
    private static List<Integer> select(StreamingSelector selector, int layer, int chunks) {
        Selection selection = new Selection(2, 200);
        selector.select(layer, chunks, new float[0], 0, selection);
        List<Integer> first = chunks(selection, 0);
        assertEquals(first, chunks(selection, 1));
        return first;
    }

    private static List<Integer> chunks(Selection selection, int head) {
        return IntStream.range(0, selection.size(head))
                .mapToObj(i -> selection.chunk(head, i))
                .toList();
    }

    /** One sink, and a window of two recent chunks and a fifth of ten. */
    @Test
    void attendsSinksAndAWindow() {
        StreamingSelector selector = new StreamingSelector(new SelectionBudget(0.2, 1, 0.5, 16, 32));
        assertEquals(List.of(0, 6, 7, 8, 9), select(selector, 1, 10));
        assertEquals(List.of(0, 3, 4, 5, 6, 7, 8, 9), select(selector, 0, 10));
        assertFalse(selector.chooses(1, 4));
        assertTrue(selector.chooses(1, 5));
        assertEquals(List.of(8, 9), select(new StreamingSelector(new SelectionBudget(0.2, 0, 0, 0, 0)), 0, 10));
        assertEquals(List.of(), select(new StreamingSelector(new SelectionBudget(0, 0, 0, 0, 0)), 0, 10));
    }

    @Test
    void whatHasLeftTheWindowStaysAway() {
        StreamingSelector selector = new StreamingSelector(new SelectionBudget(0.37, 0, 0, 20, 50));
        int start = 0;
        for (int chunks = 10; chunks < 200; chunks++) {
            List<Integer> attended = select(selector, 0, chunks);
            assertEquals(selector.attendedChunks(0, chunks), attended.size());
            assertTrue(attended.get(2) >= start, "the window went back with " + chunks + " chunks");
            start = attended.get(2);
        }
    }

    @Test
    void aRatioOfOneIsFullAttention() {
        assertFalse(new StreamingSelector(new SelectionBudget(1, 0, 1, 0, 0)).chooses(0, 1000));
    }
}
