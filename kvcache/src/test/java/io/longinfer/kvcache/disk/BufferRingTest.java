package io.longinfer.kvcache.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BufferRingTest {
    @Test
    void piecesLieInTheBufferAndApart() {
        long seed = System.nanoTime();
        System.out.println("BufferRingTest seed " + seed);
        Random random = new Random(seed);
        BufferRing ring = new BufferRing(1021, 13);
        TreeMap<Long, Long> taken = new TreeMap<>(); // piece -> size
        for (int i = 0; i < 100_000; i++) {
            long size = 1L + random.nextInt(400);
            long piece = random.nextBoolean() ? ring.take(size) : BufferRing.NONE;
            if (piece != BufferRing.NONE) {
                long start = ring.start(piece);
                assertTrue(start >= 0 && start + size <= 1021, "seed " + seed);
                taken.forEach((other, bytes) -> assertTrue(
                        ring.start(other) >= start + size || ring.start(other) + bytes <= start, "seed " + seed));
                taken.put(piece, size);
            } else if (!taken.isEmpty()) {
                Long some = taken.ceilingKey(taken.firstKey() + random.nextInt(4));
                long given = some == null ? taken.firstKey() : some;
                ring.release(given);
                taken.remove(given);
            }
        }
        taken.keySet().forEach(ring::release);
        assertNotEquals(BufferRing.NONE, ring.take(1021), "an empty ring has room for one piece of all");
        assertEquals(BufferRing.NONE, ring.take(1));
    }
}
