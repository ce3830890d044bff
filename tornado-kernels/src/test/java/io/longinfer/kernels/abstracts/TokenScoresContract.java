package io.longinfer.kernels.abstracts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every implementation must make of token codes, against double precision on plain arrays. */
abstract class TokenScoresContract {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final int CHUNKS = AbstractLayout.CHUNKS;
    private static final int TOKENS = ChunkLayout.TOKENS;
    private static final long START = 6;

    abstract AbstractKernels kernels();

    /** Keys of one group and what is made of them. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Fixture(
            int headDim, float[][][] keys, MemorySegment halves, MemorySegment bytes, MemorySegment codes) {
        static Fixture of(Random random, AbstractKernels kernels, int headDim, int chunks) {
            ChunkLayout layout = new ChunkLayout(headDim);
            AbstractLayout halfLayout = new AbstractLayout(headDim);
            TokenCodeLayout codeLayout = new TokenCodeLayout(headDim);
            float[][][] keys = new float[chunks][TOKENS][headDim];
            MemorySegment chunk = Arena.ofAuto().allocate(layout.sizeBytes());
            MemorySegment halves = Arena.ofAuto().allocate(START + halfLayout.groupBytes());
            MemorySegment codes = Arena.ofAuto().allocate(START + codeLayout.groupBytes());
            for (int c = 0; c < chunks; c++) {
                for (int j = 0; j < headDim; j++) {
                    double drift = random.nextGaussian() * 3;
                    double spread = random.nextInt(6) == 0 ? 0 : random.nextDouble(); // a channel that stands still
                    for (int t = 0; t < TOKENS; t++) {
                        short bits = Float.floatToFloat16((float) (drift + spread * random.nextGaussian()));
                        keys[c][t][j] = Float.float16ToFloat(bits);
                        chunk.set(SHORT, layout.keyOffset(j, t), bits);
                    }
                }
                kernels.update(layout, chunk, 0, halves, START, c);
                codeLayout.encode(chunk, 0, codes, START, c);
            }
            MemorySegment bytes = Arena.ofAuto().allocate(START + new ByteAbstractLayout(headDim).groupBytes());
            new ByteAbstractLayout(headDim).encode(halves, START, bytes, START);
            return new Fixture(headDim, keys, halves, bytes, codes);
        }

        double score(int chunk, int token, float[] q, int at) {
            double score = 0;
            for (int j = 0; j < headDim; j++) {
                score += (double) q[at + j] * keys[chunk][token][j];
            }
            return score;
        }

        /** What a token is taken to score in a box: its keys lie in the middle of their quarters. */
        double estimate(int chunk, int token, float[] q, int at, boolean inBytes) {
            ByteAbstractLayout layout = new ByteAbstractLayout(headDim);
            double score = 0;
            for (int j = 0; j < headDim; j++) {
                double min = keys[chunk][0][j];
                double max = min;
                for (float[] key : keys[chunk]) {
                    min = Math.min(min, key[j]);
                    max = Math.max(max, key[j]);
                }
                double place = max > min ? (keys[chunk][token][j] - min) / (max - min) : 0;
                double quarter = Math.min(3, Math.floor(4 * (place + 1e-7)));
                double low = inBytes ? layout.min(bytes, START, j, chunk) : min;
                double high = inBytes ? layout.max(bytes, START, j, chunk) : max;
                score += q[at + j] * (low + (quarter + 0.5) * (high - low) / 4);
            }
            return score;
        }
    }

    private Random seeded(long seed) {
        System.out.println(getClass().getSimpleName() + ": seed " + seed);
        return new Random(seed);
    }

    @ParameterizedTest
    @CsvSource({"8, 1, 1", "8, 2, 16", "24, 3, 13", "64, 3, 16", "64, 5, 4", "80, 4, 16", "128, 8, 7"})
    void aChunkScoresWhatItsBestTokenIsTakenToScore(int headDim, int heads, int chunks) {
        Random random = seeded(headDim * 31L + heads * 7L + chunks);
        Fixture fixture = Fixture.of(random, kernels(), headDim, chunks);
        AbstractLayout halves = new AbstractLayout(headDim);
        ByteAbstractLayout bytes = new ByteAbstractLayout(headDim);
        float[] q = new float[1 + heads * headDim];
        for (int i = 0; i < q.length; i++) {
            q[i] = (float) random.nextGaussian();
        }
        int stride = CHUNKS + 3;
        float[] exact = new float[heads * stride];
        float[] coded = new float[heads * stride];
        float[] bounds = new float[heads * stride];
        kernels().upperBounds(halves, fixture.halves, START, 1, q, 1, heads, bounds, 0, stride);
        kernels().tokenScores(halves, fixture.halves, START, fixture.codes, START, q, 1, heads, exact, stride);
        kernels().tokenScores(bytes, fixture.bytes, START, fixture.codes, START, q, 1, heads, coded, stride);
        double tolerance = headDim * 2e-4;
        for (int h = 0; h < heads; h++) {
            for (int c = 0; c < chunks; c++) {
                int at = h * stride + c;
                int row = 1 + h * headDim;
                assertEquals(best(fixture, c, q, row, false), exact[at], tolerance, "head " + h + ", chunk " + c);
                assertEquals(best(fixture, c, q, row, true), coded[at], tolerance, "head " + h + ", chunk " + c);
                assertTrue(exact[at] <= bounds[at], "no more than its bound");
            }
            assertEquals(0f, exact[h * stride + CHUNKS], "beyond the group");
        }
    }

    private static double best(Fixture fixture, int chunk, float[] q, int row, boolean inBytes) {
        double best = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < TOKENS; t++) {
            best = Math.max(best, fixture.estimate(chunk, t, q, row, inBytes));
        }
        return best;
    }

    /** What they are for: the best tokens of chunks are told apart far better than by bounds. */
    @Test
    void codesComeCloserToTheTruthThanBounds() {
        Random random = seeded(5);
        Fixture fixture = Fixture.of(random, kernels(), 64, CHUNKS);
        AbstractLayout layout = new AbstractLayout(64);
        float[] q = new float[64];
        for (int i = 0; i < q.length; i++) {
            q[i] = (float) random.nextGaussian();
        }
        float[] bounds = new float[CHUNKS];
        float[] scores = new float[CHUNKS];
        kernels().upperBounds(layout, fixture.halves, START, 1, q, 0, 1, bounds, 0, CHUNKS);
        kernels().tokenScores(layout, fixture.halves, START, fixture.codes, START, q, 0, 1, scores, CHUNKS);
        double offBounds = 0;
        double offScores = 0;
        for (int c = 0; c < CHUNKS; c++) {
            double truth = Double.NEGATIVE_INFINITY;
            for (int t = 0; t < TOKENS; t++) {
                truth = Math.max(truth, fixture.score(c, t, q, 0));
            }
            offBounds += Math.abs(bounds[c] - truth);
            offScores += Math.abs(scores[c] - truth);
        }
        assertTrue(offScores < 0.1 * offBounds, offScores + " against " + offBounds);
    }
}
