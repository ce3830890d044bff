package io.longinfer.kvcache.tier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChunkTableTest {
    @Test
    void idsCountThroughLayersHeadsAndChunks() {
        ChunkTable table = new ChunkTable(3, 2, 5, 1, 1, 0.9);
        int expected = 0;
        for (int layer = 0; layer < 3; layer++) {
            for (int head = 0; head < 2; head++) {
                for (int chunk = 0; chunk < 5; chunk++) {
                    int id = table.id(layer, head, chunk);
                    assertEquals(expected++, id);
                    assertEquals(layer, table.layer(id));
                    assertEquals(head, table.kvHead(id));
                    assertEquals(chunk, table.chunk(id));
                }
            }
        }
        assertEquals(expected, table.ids());
    }

    @ParameterizedTest
    @CsvSource({
        "2, 3, 10, 0, true",
        "2, 3, 10, 1, true",
        "2, 3, 10, 2, false",
        "2, 3, 10, 6, false",
        "2, 3, 10, 7, true",
        "2, 3, 10, 9, true",
        "0, 0, 10, 0, false",
        "0, 0, 10, 9, false",
        "1, 5, 3, 1, true"
    })
    void sinksAndTheNewestArePinned(int sinks, int recent, int closed, int chunk, boolean pinned) {
        ChunkTable table = new ChunkTable(2, 1, 12, sinks, recent, 0.9);
        table.close(1, closed);
        assertEquals(pinned, table.pinned(table.id(1, 0, chunk)));
    }

    /** One for being needed, and up to one more for weight; the average chunk has both. */
    @ParameterizedTest
    @CsvSource({"0, 1, 0", "0.05, 1.5, 0.5", "0.1, 2, 1", "0.8, 2, 8"})
    void importanceOfOneStep(float mass, float importance, float relative) {
        ChunkTable table = new ChunkTable(1, 1, 10, 0, 0, 0.5);
        table.close(0, 10);
        assertTrue(table.relativeMass(3) < 0, "never attended");
        table.attended(3, mass);
        assertEquals(relative, table.relativeMass(3), 1e-6f);
        assertEquals(0, table.importance(3), "a step counts from its end on");
        table.endStep();
        assertEquals(importance, table.importance(3), 1e-6f);
        assertEquals(0, table.importance(4));
    }

    /** Against sums that decay one by one, over so many steps that the scale starts anew several times. */
    @Test
    void importancesAreDecayedSums() {
        long seed = System.nanoTime() & 0xffff;
        Random random = new Random(seed);
        ChunkTable table = new ChunkTable(2, 2, 5, 0, 0, 0.8);
        table.close(0, 5);
        table.close(1, 5);
        double[] expected = new double[20];
        double scale = 1;
        int rescaled = 0;
        for (int step = 0; step < 700; step++) {
            double[] before = new double[20];
            for (int id = 0; id < 20; id++) {
                before[id] = table.importance(id);
                expected[id] *= 0.8;
                if (random.nextBoolean()) {
                    float mass = random.nextFloat() * 0.3f;
                    table.attended(id, mass);
                    expected[id] += 1 + Math.min(1, 5 * mass);
                }
                assertEquals(before[id], table.importance(id), "seed " + seed);
            }
            float factor = table.endStep();
            rescaled += factor == 1 ? 0 : 1;
            scale = step == 0 ? table.importance(0) / expected[0] : scale;
            for (int a = 1; a < 20; a++) {
                // All on one scale: the ratio of any two is that of the sums.
                double left = table.importance(a) * expected[0];
                double right = table.importance(0) * expected[a];
                assertEquals(left, right, 1e-4 * Math.max(left, right), "seed " + seed + ", step " + step);
            }
        }
        assertTrue(rescaled > 1, rescaled + " times");
        table.reset();
        assertEquals(0, table.importance(7));
        assertEquals(0, table.closed(1));
    }
}
