package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.disk.DiskException;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.tier.Link;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvCacheTest {
    private static final long KIB = 1024;

    /** Chunks of 1 KiB: 2 layers, 2 KV heads, 4 query heads of 16. */
    private static final DecoderShape SHAPE = Shapes.of(2, 4, 2, 16);

    private static final int CHUNKS = 200;
    private static final int CONTEXT = CHUNKS * ChunkLayout.TOKENS;

    @TempDir
    Path directory;

    private final FakeDevice device = new FakeDevice();
    private final FakeSession session = new FakeSession(SHAPE, CONTEXT, 42);

    private final List<KvCaches> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(KvCaches::close);
        session.close();
    }

    private KvConfig config(long device, long host, long disk) {
        return KvConfig.defaults().toBuilder()
                .abstractPrecision(AbstractPrecision.INT8)
                .budgets(device, host, disk)
                .diskDirectory(directory)
                .selection(new SelectionBudget(0.1, 0, 0, 16, 32))
                .build();
    }

    private KvCache open(KvConfig config) {
        KvCaches caches = Steps.open(SHAPE, CONTEXT, config, device);
        opened.add(caches);
        return caches.get(0);
    }

    private void prefill(KvCache cache, int chunks) {
        Steps.prefill(cache, session, chunks);
    }

    private void decode(KvCache cache, int steps) {
        Steps.decode(cache, session, steps);
    }

    /** Full attention gives the same numbers wherever the chunks lie, up to the order of sums. */
    @Test
    void attentionDoesNotDependOnTheBudgets() {
        AttentionState[] states = new AttentionState[3];
        KvPlan.Mode[] modes = {KvPlan.Mode.DEVICE, KvPlan.Mode.DEVICE_HOST, KvPlan.Mode.DISK};
        long[][] budgets = {
            {ByteSize.UNLIMITED, 0, 0}, {100 * KIB, ByteSize.UNLIMITED, 0}, {40 * KIB, 0, ByteSize.UNLIMITED}
        };
        for (int i = 0; i < 3; i++) {
            KvConfig config = config(budgets[i][0], budgets[i][1], budgets[i][2]).toBuilder()
                    .ratio(1)
                    .build();
            try (FakeSession own = new FakeSession(SHAPE, CONTEXT, 7);
                    KvCache cache = open(config)) {
                assertEquals(modes[i], cache.plan().mode());
                for (int first = 0; first < 96; first += 8) {
                    own.project(0, 128);
                    cache.prepare(0, own, 0);
                    cache.attendPast(0, own, 0);
                    cache.append(0, own.close(0, first, 8));
                }
                own.compute = true;
                own.project(0, 1);
                cache.prepare(0, own, 0);
                cache.attendPast(0, own, 0);
                states[i] = own.state;
            }
        }
        for (int i = 1; i < 3; i++) {
            for (int row = 0; row < SHAPE.heads(); row++) {
                for (int j = 0; j < SHAPE.headDim(); j++) {
                    int at = row * SHAPE.headDim() + j;
                    float expected = states[0].accumulator()[at] / states[0].sum()[row];
                    assertEquals(
                            expected, states[i].accumulator()[at] / states[i].sum()[row], 1e-5f);
                }
            }
        }
    }

    @Test
    void aDeviceThatHoldsAllAttendsInPlace() {
        try (KvCache cache = open(config(ByteSize.UNLIMITED, 0, 0))) {
            prefill(cache, 100);
            decode(cache, 5);
            KvMetrics metrics = cache.metrics();
            assertEquals(0, metrics.tier(Tier.DEVICE).misses());
            assertEquals(1, session.calls);
            metrics.links().forEach(link -> assertEquals(0, link.bytes(), link.toString()));
            // 1 sink, 2 recent and 10 chosen of 100 chunks, 2 heads, 5 steps
            assertEquals(5 * 2 * 13, metrics.layers().get(0).selectedChunks());
            assertEquals(5 * 2 * 100, metrics.layers().get(0).candidateChunks());
            assertEquals(
                    5L * 2 * 7 * AbstractPrecision.INT8.groupBytes(16),
                    metrics.layers().get(0).abstractBytes());
        }
    }

    /** The chunks that hold the query's best keys are those that are selected, wherever the abstracts lie. */
    @Test
    void abstractsSelectAlikeFromEveryTier() {
        int[][][] attended = new int[3][][];
        Placement[] expected = {Placement.DEVICE, Placement.HOST, Placement.DISK};
        KvConfig[] configs = {
            config(ByteSize.UNLIMITED, 0, 0),
            config(100 * KIB, 4096 * KIB, 0).toBuilder().abstractDeviceShare(0).build(),
            config(100 * KIB, 400 * KIB, ByteSize.UNLIMITED).toBuilder()
                    .abstractDeviceShare(0)
                    .abstractHostShare(0)
                    .build()
        };
        for (int i = 0; i < 3; i++) {
            try (FakeSession own = new FakeSession(SHAPE, CONTEXT, 11);
                    KvCache cache = open(configs[i])) {
                assertEquals(expected[i], cache.plan().layers().get(0).abstracts());
                for (int first = 0; first < 165; first += 5) {
                    own.project(0, 80);
                    cache.prepare(0, own, 0);
                    cache.attendPast(0, own, 0);
                    cache.append(0, own.close(0, first, 5));
                }
                own.project(0, 1);
                cache.prepare(0, own, 0);
                cache.attendPast(0, own, 0);
                attended[i] = own.attended;
            }
        }
        org.junit.jupiter.api.Assertions.assertArrayEquals(attended[0], attended[1]);
        org.junit.jupiter.api.Assertions.assertArrayEquals(attended[0], attended[2]);
    }

    @Test
    void metricsAreCountedAndReset() {
        try (KvCache cache = open(config(100 * KIB, 300 * KIB, ByteSize.UNLIMITED))) {
            prefill(cache, 150);
            decode(cache, 20);
            KvMetrics metrics = cache.metrics();
            assertTrue(metrics.link(Link.HOST_TO_DISK).operations() > 0);
            assertTrue(metrics.link(Link.DISK_TO_HOST).operations() > 0);
            assertEquals(150 * 2 * 2 * KIB, metrics.tier(Tier.DISK).residentBytes());
            assertEquals(
                    metrics.tier(Tier.DEVICE).misses(),
                    metrics.tier(Tier.HOST).hits() + metrics.tier(Tier.DISK).hits());
            cache.resetMetrics();
            metrics = cache.metrics();
            metrics.links().forEach(link -> assertEquals(0, link.bytes() + link.operations() + link.stallNanos()));
            metrics.layers().forEach(layer -> assertEquals(0, layer.selectedChunks()));
            assertEquals(0, metrics.tier(Tier.DEVICE).hits());
        }
    }

    @Test
    void closeDeletesTheFileAndFreesTheDevice() throws IOException {
        KvCache cache = open(config(100 * KIB, 400 * KIB, ByteSize.UNLIMITED));
        prefill(cache, 20);
        try (var files = Files.list(directory)) {
            assertEquals(1, files.count());
        }
        cache.close();
        cache.close();
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
        device.pools.forEach(pool -> assertTrue(pool.closed));
        assertThrows(IllegalStateException.class, () -> cache.attendPast(0, session, 0));
        assertThrows(IllegalStateException.class, () -> cache.append(0, session.none(20)));
        assertThrows(IllegalStateException.class, cache::reset);
        assertEquals(0, cache.metrics().tier(Tier.DEVICE).reservedBytes());
    }

    @Test
    void aFailedOpeningLeavesNothingBehind() {
        KvConfig config = config(100 * KIB, 400 * KIB, ByteSize.UNLIMITED).toBuilder()
                .diskDirectory(directory.resolve("absent"))
                .build();
        DiskException error = assertThrows(DiskException.class, () -> open(config));
        assertTrue(error.getMessage().contains("absent"), error.getMessage());
        device.pools.forEach(pool -> assertTrue(pool.closed));
    }

    @Test
    void corruptionIsNeverAttended() throws IOException {
        try (KvCache cache = open(config(60 * KIB, 256 * KIB, ByteSize.UNLIMITED))) {
            prefill(cache, 150);
            Path file;
            try (var files = Files.list(directory)) {
                file = files.findFirst().orElseThrow();
            }
            byte[] bytes = Files.readAllBytes(file);
            for (int at = 4096; at < bytes.length; at += 512) {
                bytes[at] ^= 1;
            }
            Files.write(file, bytes);
            session.project(0, 128);
            DiskException error = assertThrows(DiskException.class, () -> {
                cache.prepare(0, session, 0);
                cache.attendPast(0, session, 0);
            });
            assertTrue(error.getMessage().startsWith(file + ", offset "), error.getMessage());
        }
    }

    @Test
    void chunksMustContinueTheSequence() {
        try (KvCache cache = open(config(ByteSize.UNLIMITED, 0, 0))) {
            cache.append(0, session.close(0, 0, 3));
            assertThrows(IllegalStateException.class, () -> cache.append(0, session.close(0, 4, 1)));
            assertThrows(IllegalStateException.class, () -> cache.append(0, session.close(0, 2, 1)));
            cache.append(0, session.close(0, 3, 1));
            assertThrows(IllegalArgumentException.class, () -> cache.prepare(2, session, 0));
            for (int first = 4; first < CHUNKS; first += 4) {
                cache.append(0, session.close(0, first, 4));
            }
            IllegalStateException full =
                    assertThrows(IllegalStateException.class, () -> cache.append(0, session.close(0, CHUNKS, 1)));
            assertTrue(full.getMessage().contains("--context"), full.getMessage());
            assertFalse(cache.plan().rows().isEmpty());
        }
    }

    @Test
    void anInterruptDoesNotBreakReading() {
        try (KvCache cache = open(config(60 * KIB, 256 * KIB, ByteSize.UNLIMITED))) {
            prefill(cache, 100);
            decode(cache, 3); // everything is written
            session.project(0, 128);
            Thread.currentThread().interrupt();
            cache.prepare(0, session, 0);
            cache.attendPast(0, session, 0);
            assertTrue(Thread.interrupted(), "the interrupt was swallowed");
            cache.append(0, session.none(100));
            decode(cache, 3);
        }
    }
}
