package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.ScalarAbstractKernels;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random sequences of operations under random budgets, against a plain map of all chunks. */
class KvCacheRandomTest {
    @TempDir
    Path directory;

    @Test
    void everySlotHoldsTheChunkItIsSaidToHold() throws IOException {
        long base = Long.getLong("kvcache.seed", System.nanoTime() & 0xffff);
        Set<KvPlan.Mode> seen = EnumSet.noneOf(KvPlan.Mode.class);
        for (long seed = base; seed < base + 60; seed++) {
            try {
                seen.add(run(seed));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + " (-Dkvcache.seed=" + seed + ")", e);
            }
        }
        assertEquals(EnumSet.allOf(KvPlan.Mode.class), seen, "seeds from " + base);
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count(), "files left behind");
        }
    }

    private KvPlan.Mode run(long seed) {
        Random random = new Random(seed);
        int group = 1 + random.nextInt(3);
        int kvHeads = 1 + random.nextInt(3);
        DecoderShape shape = Shapes.of(1 + random.nextInt(3), group * kvHeads, kvHeads, 8 * (1 + random.nextInt(3)));
        int context = 16 * (1 + random.nextInt(60)) + random.nextInt(16);
        KvConfig config = config(random, shape, context);
        FakeDevice device = new FakeDevice();
        try (FakeSession session = new FakeSession(shape, context, seed);
                KvCache cache = new KvCache(
                        shape, context, config, device, WorkerPool.sequential(), new ScalarAbstractKernels())) {
            session.mass = (layer, head, chunk) -> random.nextFloat();
            checkBudgets(cache, config, device, shape);
            for (int step = 0; step < 60; step++) {
                step(random, config, session, cache, context);
            }
            checkBudgets(cache, config, device, shape);
            return cache.plan().mode();
        } finally {
            device.pools.forEach(pool -> assertTrue(pool.closed, "a pool was left open"));
        }
    }

    /** Budgets from barely enough to plenty. */
    private KvConfig config(Random random, DecoderShape shape, int context) {
        long chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
        long all = context * shape.kvBytesPerToken();
        long least = 2L * shape.layers() * shape.kvHeads() * chunkBytes;
        boolean disk = random.nextBoolean();
        long device = random.nextInt(4) == 0 ? 2 * all + least : least + (long) (random.nextFloat() * all / 2);
        long host =
                disk ? (random.nextBoolean() ? 0 : 4096 * 40 + (long) (random.nextFloat() * all)) : 2 * all + 8 * least;
        return KvConfig.defaults().toBuilder()
                .selector(random.nextInt(4) == 0 ? SelectorKind.FULL : SelectorKind.TOPK)
                .selection(new SelectionBudget(
                        random.nextFloat(), random.nextInt(3), 0.5, 16 * random.nextInt(2), random.nextInt(80)))
                .budgets(device, host, disk ? ByteSize.UNLIMITED : 0)
                .diskDirectory(directory)
                .directIo(random.nextBoolean() ? DirectIo.AUTO : DirectIo.OFF)
                .transientSlots(random.nextInt(3) * 3)
                .ioThreads(1 + random.nextInt(4))
                .abstractDeviceShare(random.nextInt(2) * 0.3)
                .build();
    }

    private void step(Random random, KvConfig config, FakeSession session, KvCache cache, int context) {
        int most = context / ChunkLayout.TOKENS;
        int before = cache.chunks(0);
        if (random.nextInt(40) == 0) {
            session.reset();
            cache.reset();
            return;
        }
        boolean block = random.nextInt(3) == 0;
        int grow = Math.min(most - before, block ? random.nextInt(9) : random.nextInt(2));
        for (int layer = 0; layer < session.shape.layers(); layer++) {
            session.project(layer, block ? 64 : 1);
            cache.attendPast(layer, session, 0);
            checkAttended(config, session, layer, before, block);
            cache.append(layer, grow == 0 ? session.none(before) : session.close(layer, before, grow));
            assertEquals(before + grow, cache.chunks(layer));
        }
    }

    private void checkAttended(KvConfig config, FakeSession session, int layer, int chunks, boolean block) {
        boolean all = block || config.selector() == SelectorKind.FULL;
        int expected = all ? chunks : config.selection().attendedChunks(layer, chunks);
        for (int head = 0; head < session.shape.kvHeads(); head++) {
            int count = 0;
            for (int chunk = 0; chunk < session.attended[head].length; chunk++) {
                assertTrue(session.attended[head][chunk] <= 1, "a chunk was attended twice");
                count += session.attended[head][chunk];
            }
            assertEquals(expected, count, "chunks attended of " + chunks);
        }
    }

    private void checkBudgets(KvCache cache, KvConfig config, FakeDevice device, DecoderShape shape) {
        KvMetrics metrics = cache.metrics();
        for (KvMetrics.TierMetrics tier : metrics.tiers()) {
            assertTrue(tier.peakBytes() <= tier.budgetBytes(), tier + " exceeds its budget");
            assertTrue(tier.residentBytes() <= tier.reservedBytes(), tier + " holds more than it reserved");
        }
        long open = (long) shape.layers() * shape.kvHeads() * new ChunkLayout(shape.headDim()).sizeBytes();
        assertTrue(device.poolBytes() + open <= config.deviceBudgetBytes(), "the pools exceed the device budget");
        if (cache.plan().mode() == KvPlan.Mode.DISK) {
            assertTrue(
                    metrics.tier(Tier.DISK).peakBytes() <= cache.plan().disk().fileBytes());
        }
    }
}
