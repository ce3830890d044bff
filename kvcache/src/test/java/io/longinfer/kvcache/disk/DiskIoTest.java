package io.longinfer.kvcache.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import io.longinfer.kvcache.disk.DiskIo.Backend;
import io.longinfer.kvcache.pipeline.Throttle;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(
        value = Backend.class,
        names = {"URING", "THREADS"})
class DiskIoTest {
    @Parameter
    Backend backend;

    @TempDir
    Path directory;

    private final TierBudget budget = new TierBudget(Tier.DISK, Long.MAX_VALUE);

    private DiskIo.Options options() {
        return DiskIo.Options.of(backend);
    }

    private DiskStore store(DiskGeometry geometry, DiskIo io, DirectIo mode) {
        long ring = 9L * geometry.largestStrideBytes();
        return DiskStore.open(geometry, new DiskStore.Options(directory, mode, geometry.fileBytes(), ring), budget, io);
    }

    private DiskGeometry chunks(int count, int bytes) {
        return new DiskGeometry(1, 1, count, 0, bytes, 0, DiskStore.alignment(directory));
    }

    private static void append(DiskStore store, int block, int prefixLength, byte[] content) {
        store.append(block, MemorySegment.ofArray(content), 0, prefixLength, content.length);
    }

    private static byte[] bytes(Random random, int length) {
        byte[] content = new byte[length];
        random.nextBytes(content);
        return content;
    }

    private static void fill(DiskStore store, Random random) {
        DiskGeometry geometry = store.geometry();
        for (int block = 0; block < geometry.blocks(); block++) {
            append(store, block, geometry.mostBytes(block) / 3, bytes(random, geometry.mostBytes(block)));
        }
        store.drain();
    }

    /** A store, what is in it, and the batches that are under way. */
    private static final class Model {
        final DiskStore store;
        final Map<Integer, byte[]> contents = new HashMap<>();
        final Map<Integer, Integer> prefixes = new HashMap<>();
        final List<Asked> underWay = new ArrayList<>();

        Model(DiskStore store) {
            this.store = store;
        }
    }

    /** A batch, what it asks for and what has come. */
    private static final class Asked {
        final List<byte[]> expected = new ArrayList<>();
        final Map<Integer, byte[]> found = new ConcurrentHashMap<>();
        final List<Integer> dropped = new ArrayList<>();
        final ReadBatch batch = new ReadBatch((tag, source, offset, prefixLength, length) ->
                found.put(tag, source.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE)));
    }

    @Test
    void randomOperationsBehaveAsAMap() {
        long seed = System.nanoTime();
        System.out.println("DiskIoTest seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 6; round++) {
            int bridge = random.nextInt(3) * 1000;
            int depth = 1 + random.nextInt(70);
            try (DiskIo io = Engines.open(options()
                            .withDepth(depth)
                            .withBridge(bridge)
                            .withBuffer(8192 << random.nextInt(4), 65536L << random.nextInt(3)));
                    DiskStore first = store(geometry(random), io, DirectIo.AUTO);
                    DiskStore second = store(geometry(random), io, DirectIo.AUTO);
                    DiskStore third = store(geometry(random), io, DirectIo.OFF)) {
                List<Model> models = List.of(new Model(first), new Model(second), new Model(third));
                for (int i = 0; i < 300; i++) {
                    step(models.get(random.nextInt(3)), random, seed);
                }
                models.forEach(model -> settle(model, seed));
            }
        }
        assertEquals(0, budget.usedBytes());
    }

    private DiskGeometry geometry(Random random) {
        int alignment = DiskStore.alignment(directory);
        return new DiskGeometry(2, 2, 20, 5, 1 + random.nextInt(8192), 1 + random.nextInt(4096), alignment);
    }

    private static void step(Model model, Random random, long seed) {
        DiskGeometry geometry = model.store.geometry();
        if (random.nextInt(4) == 0) {
            settle(model, seed);
        }
        if (random.nextBoolean()) {
            int start = random.nextInt(geometry.blocks());
            int end = Math.min(geometry.blocks(), start + 1 + random.nextInt(12));
            for (int block = start; block < end; block++) {
                if (!model.contents.containsKey(block) || model.underWay.isEmpty()) {
                    byte[] content = bytes(random, 1 + random.nextInt(geometry.mostBytes(block)));
                    int prefix = random.nextInt(content.length + 1);
                    append(model.store, block, prefix, content);
                    model.contents.put(block, content);
                    model.prefixes.put(block, prefix);
                }
            }
        } else if (!model.contents.isEmpty()) {
            submit(model, random);
        }
    }

    private static void submit(Model model, Random random) {
        Asked asked = new Asked();
        List<Integer> blocks = new ArrayList<>(model.contents.keySet());
        if (random.nextBoolean()) {
            java.util.Collections.shuffle(blocks, random);
        }
        double share = random.nextDouble();
        for (int block : blocks) {
            if (random.nextDouble() < share) {
                byte[] content = model.contents.get(block);
                int prefix = model.prefixes.get(block);
                boolean alone = prefix > 0 && random.nextBoolean();
                int tag = asked.expected.size();
                int index = alone ? asked.batch.addPrefix(block, tag) : asked.batch.add(block, tag);
                assertEquals(tag, index);
                asked.expected.add(alone ? Arrays.copyOf(content, prefix) : content);
            }
        }
        model.store.submit(asked.batch);
        for (int i = 0; i < asked.expected.size(); i++) {
            if (random.nextInt(10) == 0 && asked.batch.drop(i)) {
                asked.dropped.add(i);
            }
        }
        model.underWay.add(asked);
    }

    private static void settle(Model model, long seed) {
        for (Asked asked : model.underWay) {
            model.store.await(asked.batch);
            assertTrue(asked.batch.complete());
            for (int i = 0; i < asked.expected.size(); i++) {
                boolean dropped = asked.dropped.contains(i);
                assertEquals(!dropped, asked.batch.delivered(i), "seed " + seed);
                if (dropped) {
                    assertFalse(asked.found.containsKey(i), "seed " + seed);
                    assertFalse(asked.batch.drop(i));
                } else {
                    assertArrayEquals(asked.expected.get(i), asked.found.get(i), "seed " + seed);
                }
            }
        }
        model.underWay.clear();
    }

    @Test
    void smallGapsAreReadOverAndCounted() {
        DiskGeometry geometry = chunks(40, 1024);
        int slot = geometry.chunkStrideBytes();
        try (DiskIo io = Engines.open(options().withBridge(slot));
                DiskStore store = store(geometry, io, DirectIo.AUTO)) {
            fill(store, new Random(1));
            ReadBatch batch = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            for (int block : new int[] {0, 1, 3, 4, 7, 8}) { // one slot between 1 and 3, two between 4 and 7
                batch.add(block, block);
            }
            store.submit(batch);
            store.await(batch);
            assertEquals(2, store.counters().readOperations());
            assertEquals(7L * slot, store.counters().readBytes());
            assertEquals(6, store.counters().readRecords());
        }
    }

    @Test
    void aSlowDiskHoldsReadsBackButNotTheQueue() {
        DiskGeometry geometry = chunks(200, 4096);
        Throttle throttle = Throttle.ofBytesPerSecond(20_000_000);
        try (DiskIo io = Engines.open(
                        options().withThrottle(throttle).withBridge(0).withBuffer(4096, 1 << 20));
                DiskStore store = store(geometry, io, DirectIo.AUTO)) {
            fill(store, new Random(1));
            ReadBatch batch = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            io.resetBusyNanos();
            for (int block = 0; block < 100; block++) {
                batch.add(block, block);
            }
            long start = System.nanoTime();
            store.submit(batch);
            store.await(batch);
            long took = System.nanoTime() - start;
            long least = 100L * 4096 * 1_000_000_000 / 20_000_000;
            assertTrue(took >= least, took + " ns are less than " + least);
            assertTrue(io.busyNanos() >= least, io.busyNanos() + " ns are less than " + least);
            assertTrue(io.busyNanos() <= took, io.busyNanos() + " ns of " + took);
        }
    }

    @Test
    void whatWaitsBehindASlowReadCanBeDropped() {
        DiskGeometry geometry = chunks(8, 4096);
        Throttle throttle = Throttle.ofBytesPerSecond(400_000);
        try (DiskIo io = Engines.open(options()
                        .withThrottle(throttle)
                        .withDepth(1)
                        .withBridge(0)
                        .withBuffer(4096, 4096));
                DiskStore store = store(geometry, io, DirectIo.AUTO)) {
            fill(store, new Random(1));
            Map<Integer, Boolean> found = new ConcurrentHashMap<>();
            ReadBatch batch =
                    new ReadBatch((tag, source, offset, prefixLength, length) -> found.put(tag, Boolean.TRUE));
            for (int block = 0; block < 200; block++) {
                batch.add(block % 8, block);
            }
            store.submit(batch);
            int dropped = 0;
            for (int i = 199; i >= 0; i--) {
                dropped += batch.drop(i) ? 1 : 0;
            }
            store.await(batch);
            assertTrue(dropped > 100, dropped + " dropped of 200, at ten milliseconds a read");
            assertEquals(200 - dropped, found.size());
            batch.clear();
            batch.add(5, 5);
            store.submit(batch);
            store.await(batch);
            assertTrue(batch.delivered(0));
        }
    }

    @Test
    void anErrorOfATargetIsItsBatchesOnly() {
        DiskGeometry geometry = chunks(100, 512);
        try (DiskIo io = Engines.open(options().withDepth(3));
                DiskStore store = store(geometry, io, DirectIo.AUTO)) {
            fill(store, new Random(1));
            IllegalStateException error = new IllegalStateException("no room");
            ReadBatch bad = new ReadBatch((tag, source, offset, prefixLength, length) -> {
                throw error;
            });
            ReadBatch good = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            for (int i = 0; i < 100; i += 7) {
                bad.add(i, i);
                good.addPrefix(i, i);
            }
            store.submit(bad);
            store.submit(good);
            assertSame(error, assertThrows(IllegalStateException.class, () -> store.await(bad)));
            store.await(good);
            assertTrue(good.delivered(3));
            bad.clear();
            assertTrue(bad.complete());
        }
    }

    @Test
    void aStoreClosesUnderItsReadsAndTheOthersGoOn() {
        DiskGeometry geometry = chunks(200, 4096);
        Throttle throttle = Throttle.ofBytesPerSecond(20_000_000);
        try (DiskIo io = Engines.open(
                        options().withThrottle(throttle).withBridge(0).withBuffer(4096, 1 << 16));
                DiskStore other = store(geometry, io, DirectIo.AUTO)) {
            DiskStore store = store(geometry, io, DirectIo.AUTO);
            fill(store, new Random(1));
            fill(other, new Random(2));
            ReadBatch batch = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            ReadBatch kept = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            for (int block = 0; block < 200; block++) {
                batch.add(block, block);
            }
            kept.add(3, 3);
            store.submit(batch);
            other.submit(kept);
            store.close();
            assertTrue(batch.complete());
            assertThrows(IllegalStateException.class, () -> store.submit(batch));
            other.await(kept);
            assertTrue(kept.delivered(0));
        }
    }

    @Test
    void aClosedEngineReadsNoMore() {
        DiskGeometry geometry = chunks(10, 512);
        DiskIo io = Engines.open(options());
        try (DiskStore store = store(geometry, io, DirectIo.AUTO)) {
            fill(store, new Random(1));
            io.close();
            io.close();
            ReadBatch batch = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            batch.add(0, 0);
            assertThrows(IllegalStateException.class, () -> store.submit(batch));
        }
    }

    @Test
    void whatCannotBeReadIsRefusedByName() {
        DiskGeometry geometry = chunks(10, 512);
        try (DiskIo io = Engines.open(options());
                DiskStore store = store(geometry, io, DirectIo.AUTO)) {
            append(store, 1, 0, new byte[512]);
            ReadBatch never = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            never.add(0, 0);
            IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> store.submit(never));
            assertTrue(error.getMessage().startsWith("chunk 0 "), error.getMessage());
            ReadBatch prefix = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
            prefix.addPrefix(1, 0);
            error = assertThrows(IllegalArgumentException.class, () -> store.submit(prefix));
            assertTrue(error.getMessage().contains("no prefix"), error.getMessage());
            assertThrows(IllegalArgumentException.class, () -> append(store, 2, 0, new byte[513]));
            assertThrows(IllegalArgumentException.class, () -> store(chunks(4, 1 << 20), io, DirectIo.AUTO));
        }
    }

    @Test
    void theBackendSaysWhatItIs() {
        try (DiskIo io = Engines.open(options().withDepth(5));
                DiskIo auto = DiskIo.open(DiskIo.Options.of(Backend.AUTO))) {
            assertEquals(backend == Backend.URING ? "io_uring, depth 5" : "5 threads", io.backend());
            assertTrue(
                    auto.backend().startsWith("io_uring") || auto.backend().contains("(no io_uring: "), auto.backend());
        }
    }
}
