package io.longinfer.kernels.device;

import static io.longinfer.kernels.device.RandomDecoder.VOCABULARY;
import static io.longinfer.kernels.device.RandomDecoder.shape;
import static io.longinfer.kernels.device.RandomDecoder.weights;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A whole decoder on the CPU device against {@link ReferenceDecoder}, in blocks of awkward sizes. */
class CpuSessionTest {
    private static final int TOKENS = 150;

    @ParameterizedTest
    @CsvSource({
        "1, 1, 8, false, 1",
        "3, 1, 16, true, 2",
        "4, 2, 24, false, 2",
        "9, 3, 64, true, 2",
        "6, 3, 16, true, 3",
        "8, 1, 8, true, 1"
    })
    void logitsAgreeWithTheReference(int heads, int kvHeads, int headDim, boolean interleaved, int threads) {
        long seed = 31L * heads + headDim;
        System.err.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        DecoderWeights weights = weights(shape(heads, kvHeads, headDim, interleaved), random);
        agreesWithTheReference(weights, random, threads);
    }

    static void agreesWithTheReference(DecoderWeights weights, SplittableRandom random, int threads) {
        int[] ids = random.ints(TOKENS, 0, VOCABULARY).toArray();
        List<double[]> expected = new ArrayList<>();
        ReferenceDecoder reference = new ReferenceDecoder(weights);
        for (int id : ids) {
            expected.add(reference.next(id));
        }
        for (CpuKernels kernels : List.of(CpuKernels.scalar(), CpuKernels.fastest())) {
            for (int[] blocks : new int[][] {{1}, {TOKENS}, {15, 1, 17, 33, 2}, {16, 48, 1, 1, 1}}) {
                try (WorkerPool workers =
                        threads == 1 ? WorkerPool.sequential() : new SpinningWorkerPool("test", threads)) {
                    check(weights, ids, blocks, new CpuDevice(workers, kernels), expected);
                }
            }
        }
    }

    private static void check(
            DecoderWeights weights, int[] ids, int[] blocks, CpuDevice device, List<double[]> expected) {
        try (CachedSession cached = new CachedSession(weights, device, TOKENS, 1)) {
            int block = 0;
            int count;
            for (int from = 0; from < ids.length; from += count) {
                count = Math.min(blocks[block++ % blocks.length], ids.length - from);
                cached.read(ids, count);
                float[] logits = new float[count * VOCABULARY];
                cached.session.logits(0, count, logits);
                for (int t = 0; t < count; t++) {
                    for (int v = 0; v < VOCABULARY; v++) {
                        double wanted = expected.get(from + t)[v];
                        // A key whose rounding to fp16 falls the other way moves a logit by about 1e-3 of its size.
                        assertEquals(
                                wanted,
                                logits[t * VOCABULARY + v],
                                4e-3 * (1 + Math.abs(wanted)),
                                "token " + (from + t));
                    }
                }
            }
        }
    }

    @Test
    void massesSumToOneWithTheOpenChunk() {
        SplittableRandom random = new SplittableRandom(5);
        DecoderWeights weights = weights(shape(6, 3, 16, true), random);
        int[] ids = random.ints(161, 0, VOCABULARY).toArray();
        try (WorkerPool workers = new SpinningWorkerPool("test", 2);
                CachedSession cached =
                        new CachedSession(weights, new CpuDevice(workers, CpuKernels.fastest()), 170, 1)) {
            cached.session.recordMass(true);
            cached.read(ids, 160);
            cached.read(ids, 1);
            // 160 tokens are ten closed chunks; the last token is alone in the open one, so its own weight is missing.
            for (int head = 0; head < 3; head++) {
                double sum = 0;
                for (int chunk = 0; chunk < 10; chunk++) {
                    float mass = cached.session.mass(0, 0, head, chunk);
                    assertTrue(mass > 0 && mass < 1, "mass " + mass);
                    sum += mass;
                }
                assertTrue(sum > 0.5 && sum < 1, "masses sum to " + sum);
            }
            assertThrows(IllegalStateException.class, () -> cached.session.mass(0, 1, 0, 0));
        }
    }

    @ParameterizedTest
    @CsvSource({"160, 161", "301, 302", "5, 6", "16, 17"})
    void tokensMassesSumToOne(int prompt, int tokens) {
        DecoderWeights weights = weights(shape(6, 3, 16, true), new SplittableRandom(prompt));
        int[] ids = new SplittableRandom(7).ints(tokens, 0, VOCABULARY).toArray();
        try (WorkerPool workers = new SpinningWorkerPool("test", 2);
                CachedSession cached =
                        new CachedSession(weights, new CpuDevice(workers, CpuKernels.fastest()), tokens, 1)) {
            TokenMeasures measures = cached.session.tokenMeasures().orElseThrow();
            measures.record(true);
            cached.read(ids, prompt);
            cached.read(ids, 1);
            float[] masses = new float[18];
            for (int head = 0; head < 3; head++) {
                double sum = 0;
                for (int chunk = 0; chunk < prompt / 16; chunk++) {
                    measures.masses(0, 0, head, chunk, masses, 1);
                    double ofChunk = 0;
                    for (int t = 1; t <= 16; t++) {
                        assertTrue(masses[t] > 0, "token " + t + " of chunk " + chunk);
                        ofChunk += masses[t];
                    }
                    assertEquals(cached.session.mass(0, 0, head, chunk), ofChunk, 1e-5 * ofChunk, "chunk " + chunk);
                    sum += ofChunk;
                }
                measures.openMasses(0, head, masses, 2);
                for (int t = 0; t < 16; t++) {
                    assertEquals(t <= prompt % 16, masses[2 + t] > 0, "open token " + t);
                    sum += masses[2 + t];
                }
                assertEquals(1, sum, 1e-4);
            }
            assertEquals(prompt, measures.position(0));
            assertEquals((prompt + 1) % 16 == 0 ? 0 : 1, measures.openChunk(0).count());
            measures.record(false);
            assertThrows(IllegalStateException.class, () -> measures.openMasses(0, 0, masses, 0));
        }
    }

    /** Every query of a block gives weights that sum to 1: the columns' total is the number of queries. */
    @ParameterizedTest
    @CsvSource({"60, 41", "48, 16", "3, 9", "0, 100"})
    void columnsOfABlockSumToItsQueries(int prompt, int rows) {
        DecoderWeights weights = weights(shape(6, 3, 16, true), new SplittableRandom(prompt));
        int[] ids = new SplittableRandom(7).ints(prompt + rows, 0, VOCABULARY).toArray();
        CpuKernels kernels = CpuKernels.fastest();
        try (CachedSession cached =
                new CachedSession(weights, new CpuDevice(WorkerPool.sequential(), kernels), prompt + rows, 1)) {
            if (prompt > 0) {
                cached.read(ids, prompt);
            }
            cached.read(ids, rows);
            TokenMeasures measures = cached.session.tokenMeasures().orElseThrow();
            assertEquals(prompt, measures.position(0));
            float[] logSums = new float[rows * 6];
            measures.logSums(0, logSums);
            ChunkLayout layout = new ChunkLayout(16);
            int chunks = (prompt + rows) / 16;
            MemorySegment closed = MemorySegment.ofArray(cached.bytes(cached.shape.layers() - 1));
            ClosedChunks open = measures.openChunk(0);
            assertEquals((prompt + rows) % 16 == 0 ? 0 : 1, open.count());
            for (int head = 0; head < 3; head++) {
                float[] sums = new float[16 * (chunks + 1)];
                ChunkList list = new ChunkList();
                list.reset(closed);
                for (int chunk = 0; chunk < chunks; chunk++) {
                    // A head's chunks lie together, with room for one more.
                    list.add((long) (head * (chunks + 1) + chunk) * layout.sizeBytes(), 16 * chunk);
                }
                addColumns(kernels, cached, list, head, rows, prompt, logSums, sums);
                list.reset(open.memory());
                for (int chunk = 0; chunk < open.count(); chunk++) {
                    list.add(head * open.headStrideBytes(), 16 * open.first());
                }
                addColumns(kernels, cached, list, head, rows, prompt, logSums, sums);
                double total = 0;
                for (float sum : sums) {
                    total += sum;
                }
                assertEquals(2 * rows, total, 1e-4 * rows, "head " + head);
            }
        }
    }

    private static void addColumns(
            CpuKernels kernels,
            CachedSession cached,
            ChunkList list,
            int head,
            int rows,
            int position,
            float[] logSums,
            float[] sums) {
        kernels.attention()
                .addColumnSums(
                        new ChunkLayout(16),
                        cached.session.queries(),
                        2 * head * 16,
                        6 * 16,
                        2,
                        rows,
                        position,
                        list,
                        logSums,
                        2 * head,
                        6,
                        sums);
    }

    @Test
    void misuseIsRefused() {
        DecoderWeights weights = weights(shape(2, 1, 8, true), new SplittableRandom(1));
        CpuDevice device = new CpuDevice(WorkerPool.sequential(), CpuKernels.scalar());
        DeviceSession session = device.open(weights, 4, 1);
        assertThrows(IllegalArgumentException.class, () -> session.begin(new Block().add(0, 0, new int[5], 0, 5)));
        assertThrows(
                IllegalArgumentException.class,
                () -> session.begin(new Block().add(0, 0, new int[] {VOCABULARY}, 0, 1)));
        assertThrows(IllegalArgumentException.class, () -> session.begin(new Block().add(0, 0, new int[] {-1}, 0, 1)));
        assertThrows(IllegalStateException.class, () -> session.begin(new Block().add(0, 3, new int[] {1}, 0, 1)));
        session.begin(new Block().add(0, 0, new int[] {1}, 0, 1));
        assertThrows(IllegalStateException.class, () -> session.finish(0));
        session.close();
        session.close();
        assertThrows(IllegalStateException.class, () -> session.project(0));
    }

    /** To the bit on scalar kernels, which add up in the same order for one token and for many. */
    @Test
    void blocksCloseTheSameChunksAsSingleTokens() {
        SplittableRandom random = new SplittableRandom(9);
        DecoderWeights weights = weights(shape(4, 2, 16, true), random);
        int[] ids = random.ints(64, 0, VOCABULARY).toArray();
        CpuDevice device = new CpuDevice(WorkerPool.sequential(), CpuKernels.scalar());
        try (CachedSession inOne = new CachedSession(weights, device, TOKENS, 1);
                CachedSession byToken = new CachedSession(weights, device, TOKENS, 1)) {
            inOne.read(ids, 64);
            for (int i = 0; i < 64; i++) {
                byToken.read(ids, 1);
            }
            byte[] a = inOne.bytes(0);
            assertArrayEquals(a, byToken.bytes(0));
        }
    }
}
