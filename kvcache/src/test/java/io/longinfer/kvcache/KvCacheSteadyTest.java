package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Workloads that repeat themselves: caches come to rest, keep what they hit, and allocate nothing. */
class KvCacheSteadyTest {
    private static final long KIB = 1024;
    private static final int PERIOD = 10;

    /** Chunks of 1 KiB: 2 layers, 2 KV heads, 4 query heads of 16. */
    private static final DecoderShape SHAPE = Shapes.of(2, 4, 2, 16);

    private static final int CHUNKS = 200;
    private static final int CONTEXT = CHUNKS * ChunkLayout.TOKENS;

    @TempDir
    Path directory;

    private final FakeSession session = new FakeSession(SHAPE, CONTEXT, 42);
    private final List<KvCaches> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(KvCaches::close);
        session.close();
    }

    private KvConfig.Builder config(SelectorKind selector, long device, long host, long disk) {
        return KvConfig.defaults().toBuilder()
                .abstractPrecision(AbstractPrecision.INT8)
                .selector(selector)
                .budgets(device, host, disk)
                .diskDirectory(directory)
                .abstractDeviceShare(host == 0 ? 1 : 0.25)
                .selection(new SelectionBudget(0.1, 0, 0, 16, 32));
    }

    private KvCache open(KvConfig config, CpuKernels kernels) {
        KvCaches caches =
                new KvCaches(SHAPE, new int[] {CONTEXT}, config, new FakeDevice(), WorkerPool.sequential(), kernels);
        opened.add(caches);
        session.contents = new CodecContents(caches.get(0).plan(), config)::fit;
        return caches.get(0);
    }

    private KvCache open(KvConfig config) {
        return open(config, CpuKernels.scalar());
    }

    /** Reads a prompt as a model does: its last tokens one by one if the cache wants to see them. */
    private void prefill(KvCache cache, int chunks) {
        Steps.prefill(cache, session, chunks);
        cache.observe(true);
        Steps.decode(cache, session, cache.tokensToObserve());
        cache.observe(false);
        cache.resetMetrics();
    }

    /** In each step the chunks whose number leaves the same rest have the greatest bounds, another rest in the next step. */
    private void turn(int period) {
        session.keys = (layer, head, chunk, channel) -> channel == chunk % PERIOD ? 5 : 0;
        session.query = (step, layer, index) -> index % SHAPE.headDim() == step % period ? 1 : 0;
    }

    private static double hitRate(KvCache cache, Tier tier) {
        KvMetrics metrics = cache.metrics();
        double hits = metrics.tier(Tier.DEVICE).hits()
                + (tier == Tier.HOST ? metrics.tier(Tier.HOST).hits() : 0);
        double all =
                metrics.tier(Tier.DEVICE).hits() + metrics.tier(Tier.DEVICE).misses();
        cache.resetMetrics();
        return hits / all;
    }

    /** Each step attends the same chunks, more than fit: cyclic, the worst for LRU. */
    @Test
    void equalChunksDoNotTakeEachOthersPlaces() {
        KvCache cache =
                open(config(SelectorKind.FULL, 100 * KIB, 0, ByteSize.UNLIMITED).build());
        prefill(cache, 100);
        Steps.decode(cache, session, 50);
        double early = hitRate(cache, Tier.DEVICE);
        Steps.decode(cache, session, 450);
        assertEquals(0, cache.metrics().tier(Tier.DEVICE).promotions(), "equal chunks took each other's places");
        double late = hitRate(cache, Tier.DEVICE);
        assertTrue(early > 0.1, "hit rate " + early);
        assertTrue(late >= early - 1e-9, "hit rate fell from " + early + " to " + late);
    }

    /** The same chunks each step, of which some weigh a little more than others: nothing moves once that is known. */
    @ParameterizedTest
    @CsvSource({"100, 0, FP16", "40, 400, FP16", "40, 400, INT8", "60, 4096, FP16"})
    void nearlyEqualChunksComeToRest(long device, long host, Precision precision) {
        session.mass = (layer, head, chunk) -> 0.002f + 0.002f * ((31 * chunk + 17 * layer + 7 * head) % 97) / 97;
        turn(1);
        KvCache cache = open(config(SelectorKind.QUEST, device * KIB, host * KIB, host > 1000 ? 0 : ByteSize.UNLIMITED)
                .selection(new SelectionBudget(0.4, 0, 0, 16, 32))
                .codec(new Codec(precision, false))
                .build());
        prefill(cache, 100);
        Steps.decode(cache, session, 100);
        cache.resetMetrics();
        Steps.decode(cache, session, 400);
        KvMetrics metrics = cache.metrics();
        assertEquals(0, metrics.tier(Tier.DEVICE).promotions(), "device");
        assertEquals(0, metrics.tier(Tier.HOST).promotions(), "host");
        assertTrue(hitRate(cache, host > 0 ? Tier.HOST : Tier.DEVICE) > 0.1);
    }

    /** Different chunks at each step, again and again, more of them than fit. */
    @ParameterizedTest
    @CsvSource({
        "QUEST, true, 100, 0, FP16",
        "QUEST, true, 60, 400, FP16",
        "QUEST, true, 60, 400, INT8",
        "ADAPTIVE, false, 60, 400, INT8",
        "ADAPTIVE, true, 100, 0, FP16",
        "ADAPTIVE, true, 60, 400, INT8"
    })
    void aCyclicWorkloadDoesNotThrash(
            SelectorKind selector, boolean partition, long device, long host, Precision precision) {
        turn(PERIOD);
        session.mass = (layer, head, chunk) -> 0.05f;
        KvCache cache = open(config(selector, device * KIB, host * KIB, ByteSize.UNLIMITED)
                .adaptivePartition(partition)
                .codec(new Codec(precision, false))
                .build());
        Tier tier = host > 0 ? Tier.HOST : Tier.DEVICE;
        prefill(cache, 100);
        Steps.decode(cache, session, 100);
        cache.resetMetrics();
        Steps.decode(cache, session, 100);
        double early = hitRate(cache, tier);
        Steps.decode(cache, session, 500);
        double late = hitRate(cache, tier);
        assertTrue(early > 0.25, "hit rate " + early);
        assertTrue(late >= early - 0.02, "hit rate fell from " + early + " to " + late);
    }

    @ParameterizedTest
    @CsvSource({"QUEST, 4096, false", "QUEST, 0, true", "QUEST, 400, true", "ADAPTIVE, 4096, false", "ADAPTIVE, 0, true"
    })
    void whatMattersComesToTheDevice(SelectorKind selector, long host, boolean disk) {
        turn(1);
        KvCache cache = open(config(selector, 160 * KIB, host * KIB, disk ? ByteSize.UNLIMITED : 0)
                .build());
        session.mass = (layer, head, chunk) -> chunk % PERIOD == 0 ? 0.1f : 0.0001f;
        prefill(cache, 100);
        Steps.decode(cache, session, 60);
        assertTrue(cache.metrics().tier(Tier.DEVICE).promotions() > 0);
        cache.resetMetrics();
        Steps.decode(cache, session, 20);
        assertEquals(0, cache.metrics().tier(Tier.DEVICE).misses(), cache.plan().mode() + ": it has settled");
    }

    @ParameterizedTest
    @CsvSource({
        "QUEST, 9999, 0, 0",
        "QUEST, 100, 4096, 0",
        "QUEST, 100, 300, 1",
        "QUEST, 100, 0, 1",
        "ADAPTIVE, 9999, 0, 0",
        "ADAPTIVE, 100, 4096, 0",
        "ADAPTIVE, 100, 300, 1",
        "FULL, 100, 300, 1",
    })
    void nothingIsAllocatedPerToken(SelectorKind selector, long device, long host, int disk) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        turn(5);
        KvCache cache = open(
                config(selector, device * KIB, host * KIB, disk * ByteSize.UNLIMITED)
                        .codec(new Codec(Precision.INT8, false))
                        .build(),
                CpuKernels.fastest());
        session.contents = (layer, head, chunk, original, found) -> true;
        prefill(cache, 150);
        // Vectors are boxed until the compiler has seen enough.
        long perToken = Long.MAX_VALUE;
        for (int round = 0; round < 40 && perToken >= 64; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            Steps.decode(cache, session, 200);
            perToken = (threads.getCurrentThreadAllocatedBytes() - before) / 200;
        }
        assertTrue(
                perToken < 64,
                perToken + " bytes allocated per token in mode " + cache.plan().mode());
    }
}
