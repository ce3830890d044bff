package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ScalarAttentionKernels;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.Shapes;
import io.longinfer.kvcache.speculation.SecondMoments;
import io.longinfer.kvcache.speculation.Speculation;
import io.longinfer.kvcache.speculation.SpeculationOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** InfiniGen's choice on keys whose scores are plain: channel 0 holds what the first query sees, channel 1 the second. */
class InfinigenSelectorTest {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int LAYER = Speculation.FULL_LAYERS;
    private static final int CHUNKS = 4;
    private static final int HEAD_DIM = 8;

    /** Keys by KV head, channel and token; those not named are 0. */
    private static Speculation learned(DecoderShape shape, List<List<Map<Integer, Float>>> keys) {
        ChunkLayout layout = new ChunkLayout(HEAD_DIM);
        long stride = (long) CHUNKS * layout.sizeBytes();
        MemorySegment memory = Arena.ofAuto().allocate(stride * shape.kvHeads());
        SecondMoments queries = new SecondMoments(shape.layers(), shape.kvHeads(), HEAD_DIM);
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int channel = 0; channel < keys.get(head).size(); channel++) {
                for (Map.Entry<Integer, Float> key : keys.get(head).get(channel).entrySet()) {
                    int token = key.getKey();
                    long chunk = head * stride + (long) (token / 16) * layout.sizeBytes();
                    short half = Float.floatToFloat16(key.getValue());
                    memory.set(HALF, chunk + layout.keyOffset(channel, token % 16), half);
                }
            }
            // Channels 0 and 1 are what queries of the prompt look at, and what is kept.
            for (int i = 0; i < HEAD_DIM; i++) {
                float[] query = new float[HEAD_DIM];
                query[i % 2] = 9 + i % 2;
                queries.add(LAYER, head, query, 0, HEAD_DIM, 1);
            }
        }
        Speculation speculation = new Speculation(shape, CHUNKS, 2, WorkerPool.sequential());
        speculation.append(LAYER, new ClosedChunks(0, CHUNKS, memory, stride));
        assertTrue(speculation.learnable(queries));
        speculation.skew(LAYER, queries);
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                speculation.put(LAYER, head, chunk, memory, head * stride + (long) chunk * layout.sizeBytes());
            }
        }
        assertFalse(speculation.learned());
        speculation.endPrompt();
        assertTrue(speculation.learned());
        return speculation;
    }

    private static InfinigenSelector selector(
            DecoderShape shape, Speculation speculation, SelectionBudget budget, double alpha) {
        SpeculationOptions options = new SpeculationOptions(alpha, 0.25);
        return new InfinigenSelector(
                budget, options, shape, CHUNKS, speculation, new ScalarAttentionKernels(), WorkerPool.sequential());
    }

    private static SelectionBudget budget(double ratio, int sinkTokens, int recentTokens) {
        return new SelectionBudget(ratio, 0, ratio, sinkTokens, recentTokens);
    }

    private static List<Integer> tokens(Selection selection, int head) {
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < selection.size(head); i++) {
            for (int t = 0; t < 16; t++) {
                if ((selection.mask(head, i) >> t & 1) == 1) {
                    tokens.add(selection.chunk(head, i) * 16 + t);
                }
            }
        }
        return tokens;
    }

    /** Two KV heads of one query head each. */
    private static Selection twoHeads(SelectionBudget budget, double alpha) {
        DecoderShape shape = Shapes.of(3, 2, 2, HEAD_DIM);
        List<List<Map<Integer, Float>>> keys =
                List.of(List.of(Map.of(20, 10f, 40, 9f, 41, 4f)), List.of(Map.of(3, 10f, 17, 10f, 18, 10f, 50, 10f)));
        Selection selection = new Selection(2, CHUNKS);
        try (Speculation speculation = learned(shape, keys)) {
            float[] queries = new float[1 + 2 * HEAD_DIM];
            queries[1] = 1;
            queries[1 + HEAD_DIM] = 1;
            selector(shape, speculation, budget, alpha).guess(LAYER, CHUNKS, queries, 1, selection);
        }
        return selection;
    }

    /** Two tokens of the first head lie within 5.5 of its best, four of the second: each gets three, of equal ones the oldest. */
    @Test
    void everyHeadTakesAsManyAsImportantOnAverage() {
        Selection selection = twoHeads(budget(0.25, 0, 0), 5.5);
        assertEquals(List.of(20, 40, 41), tokens(selection, 0));
        assertEquals(List.of(3, 17, 18), tokens(selection, 1));
        assertEquals(2, selection.size(0));
        assertEquals(2, selection.size(1));
    }

    /** Within half of the best are one and four; two and a half is two. */
    @Test
    void alphaSaysWhatIsImportant() {
        Selection selection = twoHeads(budget(0.25, 0, 0), 0.5);
        assertEquals(List.of(20, 40), tokens(selection, 0));
        assertEquals(List.of(3, 17), tokens(selection, 1));
    }

    /** All 64 tokens are within 100 of the best; the budget has room for one chunk's worth, and for what always is attended. */
    @Test
    void theBudgetIsTheMost() {
        Selection selection = twoHeads(budget(0.25, 0, 0), 100);
        List<Integer> expected = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 40, 41));
        assertEquals(expected, tokens(selection, 0));
        assertEquals(16, tokens(selection, 1).size());
        selection = twoHeads(budget(0.25, 16, 16), 0.5);
        assertEquals(16 + 2 + 16, tokens(selection, 0).size());
        assertEquals(16 + 1 + 16, tokens(selection, 1).size()); // token 3 lies among the sinks
    }

    /** A query head of small scores has its say beside one of large ones. */
    @Test
    void queryHeadsOfAGroupAreComparedByTheirOwnBest() {
        DecoderShape shape = Shapes.of(3, 2, 1, HEAD_DIM);
        List<List<Map<Integer, Float>>> keys = List.of(List.of(Map.of(5, 40f, 7, 37f), Map.of(33, 1f, 34, 0.5f)));
        Selection selection = new Selection(1, CHUNKS);
        try (Speculation speculation = learned(shape, keys)) {
            float[] queries = new float[2 * HEAD_DIM];
            queries[0] = 1;
            queries[HEAD_DIM + 1] = 2;
            selector(shape, speculation, budget(0.5, 0, 0), 1.5).guess(LAYER, CHUNKS, queries, 0, selection);
            assertEquals(List.of(5, 33, 34), tokens(selection, 0));
        }
    }

    @Test
    void theFirstLayersAndUnlearnedSequencesAttendEverything() {
        DecoderShape shape = Shapes.of(3, 2, 1, HEAD_DIM);
        try (Speculation speculation = learned(shape, List.of(List.of(Map.of(5, 1f))))) {
            InfinigenSelector selector = selector(shape, speculation, budget(0.25, 0, 0), 4);
            assertTrue(selector.chooses(LAYER, CHUNKS));
            assertFalse(selector.chooses(LAYER - 1, CHUNKS));
            assertFalse(selector.chooses(0, CHUNKS));
            assertFalse(selector.chooses(LAYER, 1));
            speculation.reset();
            assertFalse(selector.chooses(LAYER, CHUNKS));
        }
    }
}
