package io.longinfer.kernels.device;

import static io.longinfer.kernels.device.RandomDecoder.VOCABULARY;
import static io.longinfer.kernels.device.RandomDecoder.shape;
import static io.longinfer.kernels.device.RandomDecoder.weights;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several sequences on the CPU device against each alone, against {@link ReferenceDecoder}, and guesses of queries. */
class CpuBatchTest {
    private static final int STEPS = 20;
    private static final List<CpuKernels> KERNELS = List.of(CpuKernels.scalar(), CpuKernels.fastest());

    /** Prompts of all lengths around a chunk's, the longest over more than one part of past attention. */
    private static final int[] PROMPTS = {37, 16, 1, 300, 15, 33, 64, 129};

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8})
    void aBatchDecodesWhatEachSequenceDoesAlone(int sequences) {
        SplittableRandom random = seeded(sequences);
        DecoderWeights weights = weights(shape(6, 3, 16, true), random);
        int[][] ids = ids(sequences, random);
        for (CpuKernels kernels : KERNELS) {
            // Another number of threads cuts the work in other pieces, but no sum.
            try (WorkerPool two = new SpinningWorkerPool("test", 2);
                    CachedSession batch = new CachedSession(weights, new CpuDevice(two, kernels), 400, sequences)) {
                List<List<float[]>> together = decode(batch, ids);
                for (int sequence = 0; sequence < sequences; sequence++) {
                    CpuDevice device = new CpuDevice(WorkerPool.sequential(), kernels);
                    try (CachedSession alone = new CachedSession(weights, device, 400, 1)) {
                        alone.read(ids[sequence], PROMPTS[sequence]);
                        for (int step = 0; step < STEPS; step++) {
                            alone.read(ids[sequence], 1);
                            assertArrayEquals(
                                    alone.logits(0),
                                    together.get(step).get(sequence),
                                    "sequence " + sequence + ", step " + step);
                        }
                    }
                }
            }
        }
    }

    /** Prefills one sequence after the other, then decodes all; returns the logits of each step and sequence. */
    private static List<List<float[]>> decode(CachedSession batch, int[][] ids) {
        int[] all = IntStream.range(0, ids.length).toArray();
        int[] ones = new int[ids.length];
        Arrays.fill(ones, 1);
        for (int sequence : all) {
            batch.read(new int[] {sequence}, new int[][] {ids[sequence]}, new int[] {PROMPTS[sequence]});
        }
        List<List<float[]>> steps = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            batch.read(all, ids, ones);
            float[] logits = new float[ids.length * VOCABULARY];
            batch.session.logits(0, ids.length, logits);
            List<float[]> ofStep = new ArrayList<>();
            for (int sequence : all) {
                ofStep.add(Arrays.copyOfRange(logits, sequence * VOCABULARY, (sequence + 1) * VOCABULARY));
            }
            steps.add(ofStep);
        }
        return steps;
    }

    /** Segments of one and of many tokens in one block, in any order, sequences coming and going. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void mixedBlocksAgreeWithTheReference(int sequences) {
        SplittableRandom random = seeded(100 + sequences);
        DecoderWeights weights = weights(shape(4, 2, 24, false), random);
        int[][] ids = new int[sequences][];
        List<List<double[]>> expected = new ArrayList<>();
        for (int sequence = 0; sequence < sequences; sequence++) {
            ids[sequence] = random.ints(90, 0, VOCABULARY).toArray();
            expected.add(reference(weights, ids[sequence]));
        }
        for (CpuKernels kernels : KERNELS) {
            try (WorkerPool workers = new SpinningWorkerPool("test", 2);
                    CachedSession batch = new CachedSession(weights, new CpuDevice(workers, kernels), 90, sequences)) {
                while (Arrays.stream(batch.positions).sum() < 90 * sequences) {
                    step(batch, ids, expected, random);
                }
            }
        }
    }

    private static void step(CachedSession batch, int[][] ids, List<List<double[]>> expected, SplittableRandom random) {
        int first = random.nextInt(ids.length);
        int[] part = IntStream.range(0, ids.length)
                .map(i -> (i + first) % ids.length)
                .filter(sequence -> batch.positions[sequence] < 90 && random.nextInt(4) > 0)
                .toArray();
        if (part.length == 0) {
            return;
        }
        int[][] chosen = Arrays.stream(part).mapToObj(sequence -> ids[sequence]).toArray(int[][]::new);
        int[] counts = Arrays.stream(part)
                .map(sequence -> random.nextBoolean() ? 1 : 1 + random.nextInt(90 - batch.positions[sequence]))
                .toArray();
        batch.read(part, chosen, counts);
        for (int segment = 0; segment < part.length; segment++) {
            int position = batch.positions[part[segment]] - 1;
            int row = batch.session.firstRow(segment) + batch.session.rows(segment) - 1;
            assertEquals(counts[segment], batch.session.rows(segment));
            assertClose(expected.get(part[segment]).get(position), batch.logits(row));
        }
    }

    private static void assertClose(double[] expected, float[] logits) {
        for (int v = 0; v < VOCABULARY; v++) {
            // A key whose rounding to fp16 falls the other way moves a logit by about 1e-3 of its size.
            assertEquals(expected[v], logits[v], 4e-3 * (1 + Math.abs(expected[v])), "token " + v);
        }
    }

    private static List<double[]> reference(DecoderWeights weights, int[] ids) {
        ReferenceDecoder reference = new ReferenceDecoder(weights);
        List<double[]> logits = new ArrayList<>();
        for (int id : ids) {
            logits.add(reference.next(id));
        }
        return logits;
    }

    @Test
    void oneSequenceIsForgottenAndTheOthersGoOn() {
        SplittableRandom random = seeded(7);
        DecoderWeights weights = weights(shape(4, 2, 16, true), random);
        int[][] ids = ids(2, random);
        CpuDevice device = new CpuDevice(WorkerPool.sequential(), CpuKernels.fastest());
        try (CachedSession batch = new CachedSession(weights, device, 400, 2);
                CachedSession undisturbed = new CachedSession(weights, device, 400, 2)) {
            for (CachedSession each : List.of(batch, undisturbed)) {
                each.read(new int[] {0, 1}, ids, new int[] {21, 30});
            }
            batch.reset(0);
            assertThrows(IllegalStateException.class, () -> batch.session.project(0));
            batch.read(new int[] {1}, new int[][] {ids[1]}, new int[] {1});
            undisturbed.read(new int[] {1}, new int[][] {ids[1]}, new int[] {1});
            assertArrayEquals(undisturbed.logits(0), batch.logits(0));
            batch.read(new int[] {0}, ids, new int[] {21});
            assertClose(reference(weights, ids[0]).get(20), batch.logits(20));
        }
    }

    /** A prediction is the next layer's norm and query product of what entered this one; and it changes nothing. */
    @Test
    void queriesAreGuessedFromTheInputOfTheLayerBefore() {
        SplittableRandom random = seeded(8);
        DecoderWeights weights = weights(shape(6, 3, 16, true), random);
        int[][] ids = ids(3, random);
        int[] all = {0, 1, 2};
        for (CpuKernels kernels : KERNELS) {
            CpuDevice device = new CpuDevice(WorkerPool.sequential(), kernels);
            try (CachedSession guessing = new CachedSession(weights, device, 400, 3);
                    CachedSession plain = new CachedSession(weights, device, 400, 3)) {
                int[] guesses = new int[1];
                guessing.observer = layer -> {
                    if (layer == 0) {
                        float[] guess = guessing.session.predictQueries(1);
                        check(guess, weights, ids, guessing.positions, guessing.session);
                        guesses[0]++;
                    } else {
                        assertThrows(IllegalStateException.class, () -> guessing.session.predictQueries(1));
                    }
                };
                for (int[] counts : new int[][] {{5, 1, 18}, {1, 1, 1}, {1, 40, 3}}) {
                    guessing.read(all, ids, counts);
                    plain.read(all, ids, counts);
                    int last = Arrays.stream(counts).sum() - 1;
                    assertArrayEquals(plain.logits(last), guessing.logits(last));
                }
                assertEquals(3, guesses[0]);
                assertThrows(IllegalStateException.class, () -> guessing.session.predictQueries(1));
            }
        }
    }

    /** What enters the first layer is the embedding. */
    private static void check(
            float[] guess, DecoderWeights weights, int[][] ids, int[] positions, DeviceSession session) {
        DecoderShape shape = weights.shape();
        for (int segment = 0; segment < 3; segment++) {
            int position = positions[segment] + session.rows(segment) - 1;
            double[] expected = new ReferenceDecoder(weights).guessQueries(ids[segment][position], 1, position);
            for (int i = 0; i < shape.queryWidth(); i++) {
                double found = guess[segment * shape.queryWidth() + i];
                assertEquals(expected[i] / Math.sqrt(shape.headDim()), found, 1e-5 * (1 + Math.abs(expected[i])));
            }
        }
    }

    @Test
    void massesBelongToTheirSegment() {
        SplittableRandom random = seeded(9);
        DecoderWeights weights = weights(shape(6, 3, 16, true), random);
        int[][] ids = ids(4, random);
        CpuDevice device = new CpuDevice(WorkerPool.sequential(), CpuKernels.fastest());
        try (CachedSession batch = new CachedSession(weights, device, 400, 2);
                CachedSession alone = new CachedSession(weights, device, 400, 1)) {
            int[][] two = {ids[0], ids[3]};
            batch.session.recordMass(true);
            batch.read(new int[] {0}, two, new int[] {37});
            batch.read(new int[] {1}, new int[][] {ids[3]}, new int[] {300});
            batch.read(new int[] {0, 1}, two, new int[] {1, 1});
            alone.session.recordMass(true);
            alone.read(ids[3], 300);
            alone.read(ids[3], 1);
            for (int head = 0; head < 3; head++) {
                for (int chunk = 0; chunk < 18; chunk++) {
                    float mass = alone.session.mass(0, 0, head, chunk);
                    assertTrue(mass > 0 && mass < 1, "mass " + mass);
                    assertEquals(mass, batch.session.mass(1, 0, head, chunk));
                }
                assertTrue(batch.session.mass(0, 0, head, 1) > 0);
            }
            assertThrows(IllegalStateException.class, () -> batch.session.mass(0, 1, 0, 0));
        }
    }

    @Test
    void misuseIsRefused() {
        DecoderWeights weights = weights(shape(2, 1, 8, true), new SplittableRandom(1));
        CpuDevice device = new CpuDevice(WorkerPool.sequential(), CpuKernels.scalar());
        assertThrows(IllegalArgumentException.class, () -> device.open(weights, 4, 0));
        assertThrows(IllegalArgumentException.class, () -> device.open(weights, 1, 2));
        int[] id = {1, 2, 3, 4};
        try (DeviceSession session = device.open(weights, 4, 2)) {
            assertThrows(IllegalArgumentException.class, () -> session.begin(new Block()));
            assertThrows(IllegalArgumentException.class, () -> session.begin(new Block().add(2, 0, id, 0, 1)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> session.begin(new Block().add(0, 0, id, 0, 1).add(0, 1, id, 1, 1)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> session.begin(new Block().add(0, 0, id, 0, 0).add(1, 0, id, 0, 1)));
            assertThrows(
                    IllegalStateException.class,
                    () -> session.begin(new Block().add(0, 0, id, 0, 1).add(1, 1, id, 0, 1)));
            assertThrows(IllegalStateException.class, () -> session.project(0));
            session.begin(new Block().add(0, 0, id, 0, 1).add(1, 0, id, 0, 1));
            session.project(0);
            assertThrows(IndexOutOfBoundsException.class, () -> session.rows(2));
        }
    }

    private static int[][] ids(int sequences, SplittableRandom random) {
        int[][] ids = new int[sequences][];
        for (int sequence = 0; sequence < sequences; sequence++) {
            ids[sequence] = random.ints(PROMPTS[sequence] + 80, 0, VOCABULARY).toArray();
        }
        return ids;
    }

    private static SplittableRandom seeded(long seed) {
        System.err.println("seed " + seed);
        return new SplittableRandom(seed);
    }
}
