package io.longinfer.kvcache.tier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VictimHeapTest {
    private static final int IDS = 60;

    /** Slots in the order in which they came. */
    private final List<Integer> arrived = new ArrayList<>();

    private final ChunkTable table = new ChunkTable(1, 1, IDS, 0, 0, 0.9);
    private final SlotMap map = new SlotMap(IDS, 25, 5);
    private final VictimHeap heap = new VictimHeap(map, table);

    @Test
    void theFirstOfEqualsGoesFirst() {
        assertEquals(SlotMap.NONE, heap.least());
        int first = map.take(7);
        int second = map.take(3);
        heap.add(first, 0);
        heap.add(second, 0);
        assertEquals(first, heap.least());
        heap.remove(first);
        assertFalse(heap.contains(first));
        assertEquals(second, heap.least());
        heap.remove(first);
        heap.clear();
        assertEquals(SlotMap.NONE, heap.least());
    }

    /** Against a list that is sorted anew each time, over many steps. */
    @Test
    void randomOperationsAgainstASortedList() {
        long seed = System.nanoTime() & 0xffff;
        Random random = new Random(seed);
        table.close(0, IDS);
        for (int i = 0; i < 20_000; i++) {
            int id = random.nextInt(IDS);
            switch (random.nextInt(5)) {
                case 0 -> {
                    if (!map.holds(id) && map.hasRoom()) {
                        heap.add(map.take(id), table.importance(id));
                        arrived.add(map.slot(id));
                    }
                }
                case 1 -> {
                    if (map.holds(id)) {
                        heap.remove(map.slot(id));
                        arrived.removeIf(slot -> slot == map.slot(id));
                        map.release(id);
                    }
                }
                case 2 -> table.attended(id, random.nextInt(3) * 0.01f);
                case 3 -> {
                    float factor = table.endStep();
                    if (factor != 1) {
                        heap.scale(factor);
                    }
                }
                default -> assertEquals(expected(), heap.least(), "seed " + seed + ", operation " + i);
            }
        }
    }

    private int expected() {
        Comparator<Integer> byImportance = Comparator.comparingDouble(slot -> table.importance(map.owner(slot)));
        // Stable: among equals the one that came first.
        return arrived.stream().sorted(byImportance).findFirst().orElse(SlotMap.NONE);
    }
}
