package io.longinfer.kvcache.tier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SlotMapTest {
    @Test
    void aLeasedSlotHasAnOwnerOnceItsChunkIsKept() {
        SlotMap map = new SlotMap(5, 1, 1);
        assertEquals(2, map.slots());
        int slot = map.lease();
        assertEquals(SlotMap.NONE, map.owner(slot));
        map.keep(3, slot);
        assertEquals(slot, map.slot(3));
        assertEquals(3, map.owner(slot));
        assertFalse(map.hasRoom());
        int other = map.lease();
        assertNotEquals(slot, other);
        assertThrows(IllegalStateException.class, () -> map.keep(4, other), "only one is kept");
        assertThrows(IllegalStateException.class, map::lease, "no slot is left");
        assertEquals(slot, map.evict(3));
        assertFalse(map.holds(3));
        assertThrows(IllegalStateException.class, () -> map.evict(3));
        map.keep(4, other);
        assertThrows(IllegalStateException.class, () -> map.keep(4, slot), "kept already");
        map.giveBack(slot);
        assertEquals(slot, map.lease());
    }

    @Test
    void randomOperationsAgainstMaps() {
        long seed = System.nanoTime() & 0xffff;
        Random random = new Random(seed);
        int capacity = 7;
        int passing = 4;
        SlotMap map = new SlotMap(40, capacity, passing);
        Map<Integer, Integer> kept = new HashMap<>();
        List<Integer> leased = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            int id = random.nextInt(40);
            switch (random.nextInt(6)) {
                case 0 -> {
                    if (leased.size() < passing) {
                        leased.add(map.lease());
                    }
                }
                case 1 -> {
                    if (!leased.isEmpty()) {
                        map.giveBack(leased.removeLast());
                    }
                }
                case 2 -> {
                    if (!leased.isEmpty() && kept.size() < capacity && !kept.containsKey(id)) {
                        int slot = leased.removeFirst();
                        map.keep(id, slot);
                        kept.put(id, slot);
                    }
                }
                case 3 -> {
                    if (kept.size() < capacity && !kept.containsKey(id)) {
                        kept.put(id, map.take(id));
                    }
                }
                case 4 -> {
                    if (kept.containsKey(id)) {
                        map.release(id);
                        kept.remove(id);
                    }
                }
                default -> {
                    if (random.nextInt(500) == 0) {
                        map.clear();
                        kept.clear();
                        leased.clear();
                    }
                }
            }
            check(map, kept, leased, "seed " + seed + ", operation " + i);
        }
    }

    private static void check(SlotMap map, Map<Integer, Integer> kept, List<Integer> leased, String where) {
        assertEquals(kept.size(), map.kept(), where);
        Set<Integer> slots = new HashSet<>(leased);
        for (int id = 0; id < 40; id++) {
            assertEquals(kept.getOrDefault(id, SlotMap.NONE), map.slot(id), where);
        }
        kept.forEach((id, slot) -> {
            assertEquals(id, map.owner(slot), where);
            slots.add(slot);
        });
        leased.forEach(slot -> assertEquals(SlotMap.NONE, map.owner(slot), where));
        assertEquals(kept.size() + leased.size(), slots.size(), where + ": a slot is used twice");
        assertTrue(slots.stream().allMatch(slot -> slot >= 0 && slot < map.slots()), where);
    }
}
