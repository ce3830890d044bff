package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.Shapes;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OracleSelectorTest {
    /** {@code [kvHeads][chunks]} */
    private static final float[][] MASSES = {
        {0, .1f, .05f, .3f, .2f, .15f, .1f, .1f, 0, 0}, {.2f, .1f, .1f, .1f, .1f, .1f, .1f, .1f, .1f, .1f}
    };

    private int weighed;

    private final TrueMasses masses = new TrueMasses() {
        @Override
        public void weigh(int layer, float[] queries, int queryOffset) {
            weighed++;
        }

        @Override
        public float mass(int kvHead, int chunk) {
            return MASSES[kvHead][chunk];
        }
    };

    private static List<Integer> chunks(Selection selection, int head) {
        return IntStream.range(0, selection.size(head))
                .mapToObj(i -> selection.chunk(head, i))
                .toList();
    }

    /** A sink, the newest, and the three heaviest between them; of equal ones the oldest. */
    @Test
    void theHeaviestAreChosen() {
        SelectionBudget budget = new SelectionBudget(0.3, 1, 0, 16, 16);
        OracleSelector selector = new OracleSelector(budget, Shapes.of(2, 2, 2, 8), 12, masses);
        Selection selection = new Selection(2, 12);
        selector.select(1, 10, new float[16], 0, selection);
        assertEquals(List.of(0, 3, 4, 5, 9), chunks(selection, 0));
        assertEquals(List.of(0, 1, 2, 3, 9), chunks(selection, 1));
        selector.guess(0, 10, new float[16], 0, selection);
        assertEquals(List.of(0, 9), chunks(selection, 0));
        assertEquals(2, weighed);
        assertTrue(selector.chooses(1, 10));
        assertFalse(selector.chooses(1, 3));
    }
}
