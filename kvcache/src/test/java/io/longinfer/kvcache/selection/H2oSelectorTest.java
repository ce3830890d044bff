package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class H2oSelectorTest {
    private static final float[] NO_QUERIES = {};

    /** Two layers, of which the second is looked at; four query heads that share two KV heads. */
    private final DecoderShape shape = Shapes.of(2, 4, 2, 8);

    private final TokenMasses masses = new TokenMasses(2, 2, 12);
    private final Selection selection = new Selection(2, 12);

    /** Chosen, first layers, sinks and recent tokens come to 0.2 * 10 + 2 = 4 of ten chunks. */
    private final SelectionBudget budget = new SelectionBudget(0.2, 1, 1, 16, 16);

    private void weigh(int head, int token, float mass) {
        float[] ofChunk = new float[16];
        ofChunk[token % 16] = mass;
        masses.add(1, head, token / 16, ofChunk);
    }

    private List<Integer> tokens(int head) {
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < selection.size(head); i++) {
            for (int t = 0; t < 16; t++) {
                if ((selection.mask(head, i) >> t & 1) == 1) {
                    tokens.add(16 * selection.chunk(head, i) + t);
                }
            }
        }
        return tokens;
    }

    private static List<Integer> range(int... fromTo) {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < fromTo.length; i += 2) {
            for (int token = fromTo[i]; token < fromTo[i + 1]; token++) {
                all.add(token);
            }
        }
        return all;
    }

    /** Four chunks: two recent ones, and 32 heavy tokens of the eight before them. */
    @Test
    void heavyTokensStayAndOthersNeverComeBack() {
        H2oSelector selector = new H2oSelector(budget, shape, 12, masses);
        for (int i = 0; i < 30; i++) {
            weigh(0, 4 * i + 3, 1 + i);
            weigh(1, i, 1);
        }
        weigh(0, 0, .5f);
        weigh(0, 1, .4f);
        weigh(0, 2, .3f);
        selector.select(1, 10, NO_QUERIES, 0, selection);
        List<Integer> first = new ArrayList<>(List.of(0, 1));
        for (int i = 0; i < 30; i++) {
            first.add(4 * i + 3);
        }
        first.addAll(range(128, 160));
        assertEquals(first, tokens(0));
        // Of equal ones, which weigh nothing here, the oldest.
        assertEquals(range(0, 32, 128, 160), tokens(1));

        // Another chunk: 0.2 * 11 makes 3 + 2 chunks, of which 3 are recent, so that none has ceased to be.
        weigh(0, 2, 100);
        selector.select(1, 11, NO_QUERIES, 0, selection);
        first.addAll(range(160, 176));
        assertEquals(first, tokens(0), "token 2 is gone");
        // The next one lets chunk 8 compete: its 16 tokens against the 32 that were left.
        weigh(0, 130, 50);
        selector.guess(1, 12, NO_QUERIES, 0, selection);
        first.removeAll(range(128, 144));
        first.removeAll(List.of(1));
        first.add(130);
        first.addAll(range(176, 192));
        first.sort(null);
        assertEquals(first, tokens(0));
        selector.select(1, 12, NO_QUERIES, 0, selection);
        assertEquals(first, tokens(0), "to select what was guessed changes nothing");
    }

    /** The chunk of a heavy token loses against one whose tokens weigh more together. */
    @Test
    void wholeChunksAreWeighedByTheirSum() {
        H2oChunkedSelector selector = new H2oChunkedSelector(budget, shape, 12, masses);
        float[] even = new float[16];
        Arrays.fill(even, .25f);
        masses.add(1, 0, 3, even);
        weigh(0, 16 * 5 + 2, 3.5f);
        weigh(0, 16 * 6, 3);
        weigh(1, 0, 1);
        weigh(1, 127, 2);
        selector.select(1, 10, NO_QUERIES, 0, selection);
        assertEquals(range(48, 64, 80, 96, 128, 160), tokens(0));
        assertEquals(range(0, 16, 112, 128, 128, 160), tokens(1));
        weigh(0, 16 * 6, 100);
        selector.select(1, 10, NO_QUERIES, 0, selection);
        assertEquals(range(48, 64, 80, 96, 128, 160), tokens(0));
        selector.reset();
        selector.select(1, 10, NO_QUERIES, 0, selection);
        assertEquals(range(48, 64, 96, 112, 128, 160), tokens(0));
    }

    @Test
    void aRatioOfOneIsFullAttention() {
        assertFalse(new H2oSelector(budget, shape, 12, masses).chooses(0, 12));
        assertFalse(new H2oSelector(budget, shape, 12, masses).chooses(1, 3));
        assertFalse(new H2oChunkedSelector(budget, shape, 12, masses).chooses(0, 12));
    }
}
