package io.longinfer.kernels.device;

import static io.longinfer.kernels.device.RandomDecoder.VOCABULARY;
import static io.longinfer.kernels.device.RandomDecoder.shape;
import static io.longinfer.kernels.device.RandomDecoder.weights;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DeviceProfile.Feature;
import io.longinfer.kernels.device.tornado.TornadoDevice;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A whole decoder as task graphs against the CPU device. Runs on the device that the system property {@code
 * longinfer.tornado.device} names.
 */
class TornadoSessionTest {
    private static final int TOKENS = 70;
    private static final double TOLERANCE = 1e-3;

    private static TornadoDevice device() {
        return TornadoDevice.open(System.getProperty("longinfer.tornado.device", ""));
    }

    private static CpuDevice cpu() {
        return new CpuDevice(WorkerPool.sequential(), CpuKernels.scalar());
    }

    private static SplittableRandom seeded(long seed) {
        System.err.println("seed " + seed);
        return new SplittableRandom(seed);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 8, false", "3, 1, 16, true", "4, 2, 24, false", "9, 3, 64, true", "8, 1, 8, true"})
    void logitsAreThoseOfTheCpu(int heads, int kvHeads, int headDim, boolean interleaved) {
        SplittableRandom random = seeded(31L * heads + headDim);
        DecoderWeights weights = weights(shape(heads, kvHeads, headDim, interleaved), random);
        agreesWithTheCpu(weights, random, new int[] {15, 1, 17, 33, 2});
    }

    @ParameterizedTest
    @EnumSource
    void everyTraitIsKept(DecoderTraitsTest.Family family) {
        SplittableRandom random = seeded(family.name().hashCode());
        agreesWithTheCpu(DecoderTraitsTest.weights(family, random), random, new int[] {40, 1, 1});
    }

    /** Kernels with shuffles, and with matrix instructions, where the device has them. */
    @Test
    void featuresChangeLittle() {
        assumeFalse(device().profile().backend().equals("opencl"), "OpenCL has neither shuffles nor matrix units");
        SplittableRandom random = seeded(19);
        DecoderWeights weights = weights(shape(6, 3, 16, true), random);
        TornadoDevice shuffles = device().withFeatures(Set.of(Feature.WARP_SHUFFLES));
        agreesWithTheCpu(weights, random, new int[] {20, 1}, shuffles, TOLERANCE);
        TornadoDevice units = device().withFeatures(Set.of(Feature.WARP_SHUFFLES, Feature.MATRIX_UNITS));
        agreesWithTheCpu(weights, random, new int[] {40, 1, 29}, units, 0.02);
    }

    private static void agreesWithTheCpu(DecoderWeights weights, SplittableRandom random, int[] blocks) {
        agreesWithTheCpu(weights, random, blocks, device(), TOLERANCE);
    }

    private static void agreesWithTheCpu(
            DecoderWeights weights, SplittableRandom random, int[] blocks, TornadoDevice device, double tolerance) {
        int[] ids = random.ints(TOKENS, 0, VOCABULARY).toArray();
        try (CachedSession tornado = new CachedSession(weights, device, TOKENS, 1);
                CachedSession cpu = new CachedSession(weights, cpu(), TOKENS, 1)) {
            int block = 0;
            int count;
            for (int from = 0; from < TOKENS; from += count) {
                count = Math.min(blocks[block++ % blocks.length], TOKENS - from);
                tornado.read(ids, count);
                cpu.read(ids, count);
                assertClose(logits(cpu, count), logits(tornado, count), tolerance, "tokens from " + from);
            }
        }
    }

    private static float[] logits(CachedSession session, int rows) {
        float[] logits = new float[rows * VOCABULARY];
        session.session.logits(0, rows, logits);
        return logits;
    }

    private static void assertClose(float[] expected, float[] found, String what) {
        assertClose(expected, found, TOLERANCE, what);
    }

    private static void assertClose(float[] expected, float[] found, double tolerance, String what) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], tolerance * (1 + Math.abs(expected[i])), what + ", logit " + i);
        }
    }

    /** Segments of one and of many tokens in one block, in any order. */
    @Test
    void mixedBlocksAreThoseOfTheCpu() {
        SplittableRandom random = seeded(11);
        DecoderWeights weights = weights(shape(4, 2, 24, false), random);
        int[][] ids = new int[3][];
        Arrays.setAll(ids, i -> random.ints(TOKENS, 0, VOCABULARY).toArray());
        try (CachedSession tornado = new CachedSession(weights, device(), TOKENS, 3);
                CachedSession cpu = new CachedSession(weights, cpu(), TOKENS, 3)) {
            for (int step = 0; step < 8; step++) {
                int first = random.nextInt(3);
                int[] part = IntStream.range(0, 3)
                        .map(i -> (i + first) % 3)
                        .filter(sequence -> cpu.positions[sequence] < TOKENS)
                        .toArray();
                if (part.length == 0) {
                    break;
                }
                int[][] chosen =
                        Arrays.stream(part).mapToObj(sequence -> ids[sequence]).toArray(int[][]::new);
                int many = step % 3 == 2 ? 1 : 40;
                int[] counts = Arrays.stream(part)
                        .map(sequence -> 1 + random.nextInt(Math.min(many, TOKENS - cpu.positions[sequence])))
                        .toArray();
                tornado.read(part, chosen, counts);
                cpu.read(part, chosen, counts);
                int rows = Arrays.stream(counts).sum();
                assertClose(logits(cpu, rows), logits(tornado, rows), "step " + step);
            }
            assertClose(chunks(cpu), chunks(tornado), "chunks");
        }
    }

    /** What the first layer's pool of the first sequence holds. */
    private static float[] chunks(CachedSession session) {
        byte[] bytes = session.bytes(0);
        float[] values = new float[bytes.length / 2];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.float16ToFloat((short) ((bytes[2 * i] & 0xff) | (bytes[2 * i + 1] << 8)));
        }
        return values;
    }

    /** A batch decodes, to the bit, what each of its sequences does in another batch. */
    @Test
    void rowsDoNotDependOnOthers() {
        SplittableRandom random = seeded(5);
        DecoderWeights weights = weights(shape(6, 3, 16, true), random);
        int[][] ids = new int[3][];
        Arrays.setAll(ids, i -> random.ints(TOKENS, 0, VOCABULARY).toArray());
        int[] prompts = {37, 16, 5};
        try (CachedSession together = new CachedSession(weights, device(), TOKENS, 3);
                CachedSession apart = new CachedSession(weights, device(), TOKENS, 3)) {
            for (int sequence = 0; sequence < 3; sequence++) {
                int[] only = {sequence};
                together.read(only, new int[][] {ids[sequence]}, new int[] {prompts[sequence]});
                apart.read(only, new int[][] {ids[sequence]}, new int[] {prompts[sequence]});
            }
            for (int step = 0; step < 3; step++) {
                together.read(new int[] {2, 0, 1}, new int[][] {ids[2], ids[0], ids[1]}, new int[] {1, 1, 1});
                for (int row = 0; row < 3; row++) {
                    int sequence = new int[] {2, 0, 1}[row];
                    float[] expected = together.logits(row);
                    apart.read(new int[] {sequence}, new int[][] {ids[sequence]}, new int[] {1});
                    assertArrayEquals(expected, apart.logits(0), "sequence " + sequence);
                }
            }
        }
    }

    @Test
    void massesAndGuessesAreThoseOfTheCpu() {
        SplittableRandom random = seeded(7);
        DecoderWeights weights = weights(shape(6, 3, 16, true), random);
        int[] ids = random.ints(TOKENS, 0, VOCABULARY).toArray();
        try (CachedSession tornado = new CachedSession(weights, device(), TOKENS, 1);
                CachedSession cpu = new CachedSession(weights, cpu(), TOKENS, 1)) {
            for (CachedSession each : new CachedSession[] {tornado, cpu}) {
                each.session.recordMass(true);
                each.read(ids, 64);
            }
            float[][] guesses = new float[2][];
            tornado.observer = layer -> guesses[0] = guess(tornado.session, layer, guesses[0]);
            cpu.observer = layer -> guesses[1] = guess(cpu.session, layer, guesses[1]);
            // The first guess is executed by itself, the next ones with the projection.
            for (int step = 0; step < 3; step++) {
                tornado.read(ids, 1);
                cpu.read(ids, 1);
                assertClose(guesses[1], guesses[0], "guess of step " + step);
                for (int head = 0; head < 3; head++) {
                    for (int chunk = 0; chunk < 4; chunk++) {
                        float expected = cpu.session.mass(0, 0, head, chunk);
                        assertEquals(expected, tornado.session.mass(0, 0, head, chunk), 1e-4, "chunk " + chunk);
                    }
                }
            }
            assertThrows(IllegalStateException.class, () -> tornado.session.mass(0, 1, 0, 0));
            assertThrows(IllegalStateException.class, () -> tornado.session.predictQueries(1));
        }
    }

    private static float[] guess(DeviceSession session, int layer, float[] before) {
        return layer + 1 < session.shape().layers()
                ? session.predictQueries(layer + 1).clone()
                : before;
    }

    /** A pool of few slots that are written anew between calls of one layer. */
    @Test
    void slotsAreUsedAgainBetweenCalls() {
        SplittableRandom random = seeded(13);
        DecoderWeights weights = weights(shape(4, 2, 16, false), random);
        int[] ids = random.ints(TOKENS, 0, VOCABULARY).toArray();
        try (CachedSession cpu = new CachedSession(weights, cpu(), TOKENS, 1);
                DeviceSession tornado = device().open(weights, TOKENS, 1)) {
            KvPool few = tornado.allocatePool(new ChunkLayout(16), 3);
            SlotReuse reuse = new SlotReuse(tornado, few, 4);
            for (int from = 0; from < TOKENS; ) {
                int count = from < 48 ? 24 : 1;
                cpu.session.recordMass(true);
                tornado.recordMass(true);
                cpu.read(ids, count);
                reuse.read(ids, from, count);
                float[] found = new float[count * VOCABULARY];
                tornado.logits(0, count, found);
                assertClose(logits(cpu, count), found, "tokens from " + from);
                from += count;
            }
            assertEquals(cpu.session.mass(0, 0, 1, 2), tornado.mass(0, 2, 1, 0), 1e-4, "the third call's only chunk");
        }
    }

    /** Keeps chunks in host memory, and attends them one by one through three slots. */
    private static final class SlotReuse {
        private final DeviceSession session;
        private final KvPool pool;
        private final byte[][][] chunks;
        private final int chunkBytes;

        SlotReuse(DeviceSession session, KvPool pool, int chunksPerHead) {
            this.session = session;
            this.pool = pool;
            chunkBytes = pool.layout().sizeBytes();
            DecoderShape shape = session.shape();
            chunks = new byte[shape.layers()][shape.kvHeads()][chunksPerHead * chunkBytes];
        }

        void read(int[] ids, int from, int count) {
            session.begin(new Block().add(0, from, ids, from, count));
            for (int layer = 0; layer < session.shape().layers(); layer++) {
                session.project(layer);
                int slot = 0;
                for (int chunk = 0; chunk < from / ChunkLayout.TOKENS; chunk++) {
                    BlockTable table = new BlockTable(session.shape().kvHeads());
                    for (int head = 0; head < session.shape().kvHeads(); head++) {
                        pool.write(slot, MemorySegment.ofArray(chunks[layer][head]), (long) chunk * chunkBytes);
                        table.add(head, chunk, slot);
                        slot = (slot + 1) % pool.slots();
                    }
                    session.attend(layer, 0, pool, table);
                }
                session.finish(layer);
                ClosedChunks closed = session.closedChunks(0);
                for (int head = 0; head < session.shape().kvHeads(); head++) {
                    MemorySegment.copy(
                            closed.memory(),
                            head * closed.headStrideBytes(),
                            MemorySegment.ofArray(chunks[layer][head]),
                            (long) closed.first() * chunkBytes,
                            (long) closed.count() * chunkBytes);
                }
            }
        }
    }

    @Test
    void chunksWrittenBeforeTheFirstBlockAreAttended() {
        SplittableRandom random = seeded(17);
        DecoderWeights weights = weights(shape(4, 2, 16, true), random);
        int[] ids = random.ints(TOKENS, 0, VOCABULARY).toArray();
        try (CachedSession source = new CachedSession(weights, cpu(), TOKENS, 1);
                CachedSession cpu = new CachedSession(weights, cpu(), TOKENS, 1);
                CachedSession tornado = new CachedSession(weights, device(), TOKENS, 1)) {
            source.read(ids, 48);
            for (CachedSession each : new CachedSession[] {cpu, tornado}) {
                each.adopt(source, 48);
                each.read(ids, 5);
            }
            assertClose(logits(cpu, 5), logits(tornado, 5), "after 48 tokens of another session");
            assertArrayEquals(source.bytes(1), tornado.bytes(1));
        }
    }

    @Test
    void misuseIsRefused() {
        DecoderWeights weights = weights(shape(2, 1, 8, true), new SplittableRandom(1));
        TornadoDevice device = device();
        DeviceSession session = device.open(weights, 4, 1);
        KvPool pool = session.allocatePool(new ChunkLayout(8), 2);
        assertThrows(IllegalArgumentException.class, () -> session.allocatePool(new ChunkLayout(16), 1));
        assertThrows(IllegalArgumentException.class, () -> session.begin(new Block().add(0, 0, new int[5], 0, 5)));
        session.begin(new Block().add(0, 0, new int[] {1}, 0, 1));
        assertThrows(IllegalStateException.class, () -> session.finish(0));
        assertThrows(IllegalStateException.class, () -> session.allocatePool(new ChunkLayout(8), 2));
        session.project(0);
        try (DeviceSession other = cpu().open(weights, 4, 1);
                KvPool foreign = other.allocatePool(new ChunkLayout(8), 1)) {
            assertThrows(IllegalArgumentException.class, () -> session.attend(0, 0, foreign, new BlockTable(1)));
        }
        session.finish(0);
        assertThrows(IllegalStateException.class, () -> session.finish(0));
        pool.close();
        session.close();
        session.close();
        assertThrows(IllegalStateException.class, () -> session.project(0));
        assertTrue(assertThrows(RuntimeException.class, () -> TornadoDevice.open("ptx:77"))
                .getMessage()
                .contains("ptx:77"));
    }
}
