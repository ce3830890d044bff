package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random operations on caches of random configurations that share links, against a plain array of all chunks. */
class KvCacheRandomTest {
    private static final int RUNS = 30;

    @TempDir
    Path directory;

    @Test
    void everySlotHoldsTheChunkItIsSaidToHold() throws IOException {
        long base = Long.getLong("kvcache.seed", System.nanoTime() & 0xffffff);
        Set<KvPlan.Mode> seen = EnumSet.noneOf(KvPlan.Mode.class);
        int runs = Integer.getInteger("kvcache.runs", RUNS);
        int modes = KvPlan.Mode.values().length;
        for (long seed = base; seed < base + runs || (seen.size() < modes && seed < base + 10L * runs); seed++) {
            try {
                run(seed, seen);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + " (-Dkvcache.seed=" + seed + ")", e);
            }
        }
        assertEquals(EnumSet.allOf(KvPlan.Mode.class), seen, "seeds from " + base);
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count(), "files left behind");
        }
    }

    private void run(long seed, Set<KvPlan.Mode> seen) {
        // Neighbouring seeds give alike first numbers.
        Random random = new Random(seed * 0x9E3779B97F4A7C15L);
        int sequences = 1 + random.nextInt(3);
        try (RandomRun run = new RandomRun(seed, directory, sequences, config -> config)) {
            run.checkBudgets();
            for (int step = 0; step < 50; step++) {
                run.step();
                if (random.nextInt(25) == 0) {
                    run.reset(random.nextInt(sequences));
                }
            }
            run.checkBudgets();
            for (int s = 0; s < sequences; s++) {
                seen.add(run.caches.get(s).plan().mode());
            }
        }
    }
}
