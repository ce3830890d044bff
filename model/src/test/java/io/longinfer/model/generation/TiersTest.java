package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuDevice;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wherever keys and values lie, attending all of them gives the logits of a cache that simply keeps them in memory. */
class TiersTest {
    private static final double TOLERANCE = 1e-3;
    private static final int PROMPT = 901;
    private static final int BLOCK = 512;
    private static final long KIB = 1024;

    private static Model model;
    private static Engine engine;
    private static int[] ids;
    private static List<float[]> expected;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        engine = Engine.cpu(2);
        try (InputStream golden = TiersTest.class.getResourceAsStream("/needle/golden.json")) {
            ids = Golden.read(golden).cases().get("journal-1000").ids();
        }
        expected = plainLogits();
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    @Test
    void everythingOnTheDevice() throws IOException {
        check(config(SelectorKind.FULL, Long.MAX_VALUE, 0, 0), BLOCK);
    }

    @Test
    void ratioOneIsFull() throws IOException {
        check(config(SelectorKind.QUEST, Long.MAX_VALUE, 0, 0), BLOCK);
    }

    @Test
    void blocksOfAwkwardSize() throws IOException {
        check(config(SelectorKind.FULL, Long.MAX_VALUE, 0, 0), 37);
    }

    @Test
    void deviceAndHost() throws IOException {
        check(config(SelectorKind.QUEST, 1024 * KIB, 2048 * KIB, 0), BLOCK);
    }

    @Test
    void mostOnDisk() throws IOException {
        KvMetrics metrics = check(config(SelectorKind.QUEST, 512 * KIB, 512 * KIB, 64 * 1024 * KIB), 100);
        assertTrue(metrics.tier(Tier.DISK).residentBytes() > 1024 * KIB, "little lies on disk");
    }

    @Test
    void diskWithoutHost() throws IOException {
        check(config(SelectorKind.FULL, 768 * KIB, 0, 64 * 1024 * KIB), BLOCK);
    }

    private KvConfig config(SelectorKind selector, long device, long host, long disk) {
        return KvConfig.defaults().toBuilder()
                .selector(selector)
                .ratio(1.0)
                .budgets(device, host, disk)
                .diskDirectory(directory)
                .build();
    }

    private static KvMetrics check(KvConfig config, int blockTokens) throws IOException {
        try (InferenceSession session = engine.open(model.weights(), config, ids.length, blockTokens)) {
            List<float[]> found = new ArrayList<>();
            session.forEachPosition(ids, PROMPT, (index, logits) -> {
                if (index >= PROMPT - 1) {
                    found.add(logits.clone());
                }
            });
            assertEquals(expected.size(), found.size());
            for (int i = 0; i < found.size(); i++) {
                for (int token = 0; token < found.get(i).length; token++) {
                    assertEquals(
                            expected.get(i)[token], found.get(i)[token], TOLERANCE, "step " + i + ", token " + token);
                }
            }
            KvMetrics metrics = session.cache().metrics();
            for (KvMetrics.TierMetrics tier : metrics.tiers()) {
                assertTrue(tier.peakBytes() <= tier.budgetBytes(), () -> tier + " went over its budget");
            }
            return metrics;
        }
    }

    /** The plain cache: one pool a layer with room for everything, every chunk attended. */
    private static List<float[]> plainLogits() {
        DecoderShape shape = model.shape();
        WorkerPool workers = WorkerPool.sequential();
        CpuDevice device = new CpuDevice(workers, CpuKernels.fastest());
        int chunks = ids.length / ChunkLayout.TOKENS;
        List<KvPool> pools = new ArrayList<>();
        List<float[]> logits = new ArrayList<>();
        try (DeviceSession session = device.open(model.weights(), BLOCK, 1)) {
            for (int layer = 0; layer < shape.layers(); layer++) {
                pools.add(session.allocatePool(new ChunkLayout(shape.headDim()), shape.kvHeads() * chunks));
            }
            Block block = new Block();
            int count;
            for (int from = 0; from < ids.length; from += count) {
                count = from < PROMPT ? Math.min(BLOCK, PROMPT - from) : 1;
                session.begin(block.clear().add(0, from, ids, from, count));
                for (int layer = 0; layer < shape.layers(); layer++) {
                    plainLayer(session, layer, from / ChunkLayout.TOKENS, pools.get(layer), chunks);
                }
                if (from + count >= PROMPT) {
                    float[] last = new float[shape.vocabulary()];
                    session.logits(count - 1, 1, last);
                    logits.add(last);
                }
            }
        }
        pools.forEach(KvPool::close);
        return logits;
    }

    private static void plainLayer(DeviceSession session, int layer, int past, KvPool pool, int chunksPerHead) {
        int kvHeads = session.shape().kvHeads();
        session.project(layer);
        BlockTable table = new BlockTable(kvHeads);
        for (int head = 0; head < kvHeads; head++) {
            for (int chunk = 0; chunk < past; chunk++) {
                table.add(head, chunk, head * chunksPerHead + chunk);
            }
        }
        session.attend(layer, 0, pool, table);
        session.finish(layer);
        ClosedChunks closed = session.closedChunks(0);
        for (int head = 0; head < kvHeads; head++) {
            for (int c = 0; c < closed.count(); c++) {
                long offset = head * closed.headStrideBytes()
                        + (long) c * pool.layout().sizeBytes();
                pool.write(head * chunksPerHead + closed.first() + c, closed.memory(), offset);
            }
        }
    }
}
