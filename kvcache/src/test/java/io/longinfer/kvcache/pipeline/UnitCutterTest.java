package io.longinfer.kvcache.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.selection.Selection;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitCutterTest {
    @ParameterizedTest
    @CsvSource({
        // heads, unit, chunks a head: units, chunks of a full unit
        "1, 1, 0, 0, 1",
        "1, 1, 3, 3, 1",
        "2, 1, 3, 6, 1",
        "3, 2, 4, 8, 2",
        "2, 5, 4, 2, 4",
        "4, 4, 1, 1, 4",
        "3, 100, 33, 1, 99",
        "3, 100, 34, 2, 99",
    })
    void unitsAndTheirSize(int heads, int unitChunks, int each, int units, int full) {
        UnitCutter cutter = new UnitCutter(heads, unitChunks);
        Selection selection = new Selection(heads, 40);
        for (int head = 0; head < heads; head++) {
            selection.all(head, each);
        }
        assertEquals(units, cutter.cut(selection));
        assertEquals(full, cutter.unitChunks());
    }

    /** Each chunk once, those of a head in order, no unit too large; the heads need not be alike. */
    @Test
    void everyChunkBelongsToOneUnit() {
        long seed = System.nanoTime() & 0xffff;
        Random random = new Random(seed);
        for (int run = 0; run < 500; run++) {
            int heads = 1 + random.nextInt(5);
            int unitChunks = 1 + random.nextInt(20);
            Selection selection = new Selection(heads, 50);
            for (int head = 0; head < heads; head++) {
                selection.clear(head);
                int density = 1 + random.nextInt(5);
                for (int chunk = 0; chunk < 50; chunk++) {
                    if (random.nextInt(density) == 0) {
                        selection.add(head, chunk);
                    }
                }
            }
            check(new UnitCutter(heads, unitChunks), selection, unitChunks, "seed " + seed + ", run " + run);
        }
    }

    private static void check(UnitCutter cutter, Selection selection, int unitChunks, String where) {
        List<List<Integer>> found = new ArrayList<>();
        for (int head = 0; head < selection.kvHeads(); head++) {
            found.add(new ArrayList<>());
        }
        int units = cutter.cut(selection);
        for (int unit = 0; unit < units; unit++) {
            int size = 0;
            for (int head = cutter.firstHead(unit); head < cutter.endHead(unit); head++) {
                for (int i = cutter.from(unit); i < cutter.to(unit, head, selection); i++) {
                    found.get(head).add(selection.chunk(head, i));
                    size++;
                }
            }
            assertTrue(size <= unitChunks && size <= cutter.unitChunks(), where);
        }
        for (int head = 0; head < selection.kvHeads(); head++) {
            List<Integer> expected = new ArrayList<>();
            for (int i = 0; i < selection.size(head); i++) {
                expected.add(selection.chunk(head, i));
            }
            assertEquals(expected, found.get(head), where);
        }
    }
}
