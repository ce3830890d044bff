package io.longinfer.kvcache.probe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kvcache.selection.Selection;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeatMapTest {
    @Test
    void sixtyFourChunksAreTwoABin() {
        HeatMap heat = new HeatMap(2);
        Selection selection = new Selection(2, 64);
        for (int chunk : new int[] {0, 1, 2, 63}) {
            selection.add(0, chunk);
        }
        selection.add(1, 31);
        heat.add(1, 64, selection);
        long[] selected = new long[HeatMap.BINS];
        selected[0] = 2;
        selected[1] = 1;
        selected[15] = 1;
        selected[31] = 1;
        assertArrayEquals(selected, heat.selected(1));
        assertEquals(128, Arrays.stream(heat.candidates(1)).sum());
        assertArrayEquals(new long[HeatMap.BINS], heat.selected(0));
        heat.reset();
        assertArrayEquals(new long[HeatMap.BINS], heat.selected(1));
    }

    /** Chunk c of n lies in bin c * 32 / n, for any n. */
    @Test
    void binsFollowTheFormula() {
        Random random = new Random(5);
        for (int chunks : new int[] {0, 1, 5, 31, 32, 33, 100, 513}) {
            HeatMap heat = new HeatMap(1);
            Selection selection = new Selection(1, chunks);
            long[] selected = new long[HeatMap.BINS];
            long[] candidates = new long[HeatMap.BINS];
            for (int chunk = 0; chunk < chunks; chunk++) {
                candidates[chunk * HeatMap.BINS / chunks]++;
                if (random.nextBoolean()) {
                    selection.add(0, chunk);
                    selected[chunk * HeatMap.BINS / chunks]++;
                }
            }
            heat.add(0, chunks, selection);
            assertArrayEquals(selected, heat.selected(0), chunks + " chunks");
            assertArrayEquals(candidates, heat.candidates(0), chunks + " chunks");
        }
    }
}
