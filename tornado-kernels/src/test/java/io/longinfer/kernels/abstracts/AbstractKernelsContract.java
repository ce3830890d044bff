package io.longinfer.kernels.abstracts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every implementation of abstracts must do, against double precision on plain arrays. */
abstract class AbstractKernelsContract {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final int START = 6;

    abstract AbstractKernels kernels();

    @ParameterizedTest
    @CsvSource({
        "8, 1, 1",
        "8, 3, 4",
        "16, 2, 13",
        "24, 5, 130",
        "64, 3, 1021",
        "64, 8, 17",
        "80, 7, 13",
        "96, 4, 4",
        "128, 6, 130",
        "64, 3, 0"
    })
    void boundsWhatEveryTokenScores(int headDim, int heads, int chunkCount) {
        for (Keys kind : Keys.values()) {
            Random random =
                    seeded(headDim * 13L + heads * 5L + chunkCount + kind.name().length());
            ChunkLayout layout = new ChunkLayout(headDim);
            MemorySegment chunks = kind.fill(random, layout, chunkCount);
            MemorySegment abstracts = abstractsOf(layout, chunks, chunkCount);
            float[] q = queries(random, heads * headDim + 1);
            assertBounds(layout, chunks, chunkCount, abstracts, q, heads);
        }
    }

    private void assertBounds(
            ChunkLayout layout, MemorySegment chunks, int chunkCount, MemorySegment abstracts, float[] q, int heads) {
        AbstractLayout abstractLayout = new AbstractLayout(layout.headDim());
        int groups = AbstractLayout.groups(chunkCount);
        int stride = groups * AbstractLayout.CHUNKS + 3;
        float[] upper = new float[2 + heads * stride];
        float[] lower = new float[2 + heads * stride];
        kernels().upperBounds(abstractLayout, abstracts, START, groups, q, 1, heads, upper, 2, stride);
        kernels().lowerBounds(abstractLayout, abstracts, START, groups, q, 1, heads, lower, 2, stride);
        for (int h = 0; h < heads; h++) {
            for (int c = 0; c < chunkCount; c++) {
                Scores scores = Scores.of(layout, chunks, c, q, 1 + h * layout.headDim());
                // Each of headDim additions rounds by at most half an ulp of the sum of magnitudes.
                double rounding = scores.magnitude() * layout.headDim() * 0x1p-24;
                float u = upper[2 + h * stride + c];
                float l = lower[2 + h * stride + c];
                assertTrue(scores.max() <= u + rounding, "head " + h + ", chunk " + c + ": " + scores + " over " + u);
                assertTrue(scores.min() >= l - rounding, "head " + h + ", chunk " + c + ": " + scores + " under " + l);
                assertEquals(scores.upper(), u, rounding, "head " + h + ", chunk " + c);
                assertEquals(scores.lower(), l, rounding, "head " + h + ", chunk " + c);
            }
            assertEquals(0f, upper[2 + h * stride + groups * AbstractLayout.CHUNKS], "beyond the groups");
        }
    }

    /** Minimum, maximum and their bounds of one chunk's scores, in double precision, and the sum of the terms' magnitudes. */
    private record Scores(double min, double max, double lower, double upper, double magnitude) {
        static Scores of(ChunkLayout layout, MemorySegment chunks, int chunk, float[] q, int qOffset) {
            double min = Double.POSITIVE_INFINITY;
            double max = Double.NEGATIVE_INFINITY;
            double[] least = new double[layout.headDim()];
            double[] most = new double[layout.headDim()];
            Arrays.fill(least, Double.POSITIVE_INFINITY);
            Arrays.fill(most, Double.NEGATIVE_INFINITY);
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                double score = 0;
                for (int j = 0; j < layout.headDim(); j++) {
                    double term = (double) q[qOffset + j] * key(layout, chunks, chunk, j, t);
                    score += term;
                    least[j] = Math.min(least[j], term);
                    most[j] = Math.max(most[j], term);
                }
                min = Math.min(min, score);
                max = Math.max(max, score);
            }
            double lower = 0;
            double upper = 0;
            double magnitude = 0;
            for (int j = 0; j < layout.headDim(); j++) {
                lower += least[j];
                upper += most[j];
                magnitude += Math.max(Math.abs(least[j]), Math.abs(most[j]));
            }
            return new Scores(min, max, lower, upper, magnitude);
        }
    }

    /** A box of 8 bits holds the fp16 box, and never gets a greater bound than an fp16 box around it, as a parent's is. */
    @ParameterizedTest
    @CsvSource({"8, 1", "24, 2", "64, 3", "64, 1", "80, 5", "96, 4", "128, 8"})
    void bytesBoundFromOutsideAndParentsFromFurtherOut(int headDim, int heads) {
        for (Keys kind : Keys.values()) {
            Random random = seeded(headDim * 7L + heads + kind.name().length());
            ChunkLayout layout = new ChunkLayout(headDim);
            AbstractLayout halves = new AbstractLayout(headDim);
            ByteAbstractLayout bytes = new ByteAbstractLayout(headDim);
            MemorySegment group = abstractsOf(layout, kind.fill(random, layout, 32), 32);
            MemorySegment codes = Arena.ofAuto().allocate(3 + 2L * bytes.groupBytes());
            MemorySegment parents = Arena.ofAuto().allocate(2L * halves.groupBytes());
            for (int g = 0; g < 2; g++) {
                long at = 3 + (long) g * bytes.groupBytes();
                bytes.encode(group, START + (long) g * halves.groupBytes(), codes, at);
                surround(bytes, codes, at, parents, (long) g * halves.groupBytes());
            }
            float[] q = queries(random, heads * headDim + 1);
            float[] exact = new float[heads * 32];
            float[] coded = new float[heads * 32];
            float[] outer = new float[heads * 32];
            kernels().upperBounds(halves, group, START, 2, q, 1, heads, exact, 0, 32);
            kernels().upperBounds(bytes, codes, 3, 2, q, 1, heads, coded, 0, 32);
            kernels().upperBounds(halves, parents, 0, 2, q, 1, heads, outer, 0, 32);
            for (int i = 0; i < heads * 32; i++) {
                String what = kind + ", head " + i / 32 + ", chunk " + i % 32;
                assertTrue(exact[i] <= coded[i], what + ": " + exact[i] + " over " + coded[i]);
                assertTrue(coded[i] <= outer[i], what + ": " + coded[i] + " over " + outer[i]);
            }
        }
    }

    private static void surround(
            ByteAbstractLayout bytes, MemorySegment codes, long from, MemorySegment parents, long to) {
        AbstractLayout halves = new AbstractLayout(bytes.headDim());
        for (int j = 0; j < bytes.headDim(); j++) {
            for (int i = 0; i < AbstractLayout.CHUNKS; i++) {
                short min = HalfRounding.down(bytes.min(codes, from, j, i));
                short max = HalfRounding.up(bytes.max(codes, from, j, i));
                assertTrue(Float.float16ToFloat(min) <= bytes.min(codes, from, j, i));
                assertTrue(Float.float16ToFloat(max) >= bytes.max(codes, from, j, i));
                parents.set(SHORT, to + halves.minOffset(j, i), min);
                parents.set(SHORT, to + halves.maxOffset(j, i), max);
            }
        }
    }

    @Test
    void roundsHalvesOutward() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            float here = Float.float16ToFloat((short) bits);
            float next = Float.float16ToFloat((short) (bits + 1));
            for (float value : new float[] {here, Math.nextUp(here), (here + next) / 2, Math.nextDown(next)}) {
                assertEquals(here, Float.float16ToFloat(HalfRounding.down(value)));
                assertEquals(value == here ? here : next, Float.float16ToFloat(HalfRounding.up(value)));
                assertEquals(-here, Float.float16ToFloat(HalfRounding.up(-value)));
                assertEquals(value == here ? -here : -next, Float.float16ToFloat(HalfRounding.down(-value)));
            }
        }
    }

    @Test
    void updatesExactly() {
        int headDim = 24;
        ChunkLayout layout = new ChunkLayout(headDim);
        AbstractLayout abstractLayout = new AbstractLayout(headDim);
        for (Keys kind : Keys.values()) {
            Random random = seeded(99 + kind.name().length());
            MemorySegment chunks = kind.fill(random, layout, 16);
            MemorySegment abstracts = abstractsOf(layout, chunks, 16);
            for (int c = 0; c < 16; c++) {
                for (int j = 0; j < headDim; j++) {
                    float min = Float.POSITIVE_INFINITY;
                    float max = Float.NEGATIVE_INFINITY;
                    for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                        min = Math.min(min, key(layout, chunks, c, j, t));
                        max = Math.max(max, key(layout, chunks, c, j, t));
                    }
                    String what = kind + ", chunk " + c + ", channel " + j;
                    assertEquals(min, half(abstracts, START + abstractLayout.minOffset(j, c)), what);
                    assertEquals(max, half(abstracts, START + abstractLayout.maxOffset(j, c)), what);
                }
            }
        }
    }

    @Test
    void updatesOneChunkAlone() {
        ChunkLayout layout = new ChunkLayout(16);
        AbstractLayout abstractLayout = new AbstractLayout(16);
        MemorySegment chunks = Keys.GAUSSIAN.fill(seeded(3), layout, 1);
        MemorySegment group = Arena.ofAuto().allocate(abstractLayout.groupBytes());
        kernels().update(layout, chunks, 0, group, 0, 5);
        for (int j = 0; j < 16; j++) {
            for (int c = 0; c < 16; c++) {
                boolean untouched = half(group, abstractLayout.minOffset(j, c)) == 0
                        && half(group, abstractLayout.maxOffset(j, c)) == 0;
                assertEquals(c != 5, untouched, "chunk " + c + ", channel " + j);
            }
        }
    }

    private MemorySegment abstractsOf(ChunkLayout layout, MemorySegment chunks, int chunkCount) {
        AbstractLayout abstractLayout = new AbstractLayout(layout.headDim());
        long bytes = START + (long) AbstractLayout.groups(chunkCount) * abstractLayout.groupBytes();
        MemorySegment abstracts = Arena.ofAuto().allocate(bytes);
        for (int c = 0; c < chunkCount; c++) {
            long group = START + (long) (c / AbstractLayout.CHUNKS) * abstractLayout.groupBytes();
            long chunk = (long) c * layout.sizeBytes();
            kernels().update(layout, chunks, chunk, abstracts, group, c % AbstractLayout.CHUNKS);
        }
        return abstracts;
    }

    private static float key(ChunkLayout layout, MemorySegment chunks, int chunk, int channel, int token) {
        return half(chunks, (long) chunk * layout.sizeBytes() + layout.keyOffset(channel, token));
    }

    private static float half(MemorySegment memory, long offset) {
        return Float.float16ToFloat(memory.get(SHORT, offset));
    }

    private static float[] queries(Random random, int n) {
        float[] q = new float[n];
        for (int i = 0; i < n; i++) {
            q[i] = random.nextInt(8) == 0 ? 0 : (float) random.nextGaussian();
        }
        return q;
    }

    private Random seeded(long seed) {
        System.out.println(getClass().getSimpleName() + ": seed " + seed);
        return new Random(seed);
    }

    /** Kinds of keys. */
    private enum Keys {
        GAUSSIAN,
        /** Any finite fp16: subnormals, both zeros, the largest. */
        ANY_BITS,
        /** Zeros of both signs and the smallest subnormals. */
        NEAR_ZERO,
        /** All tokens of a chunk alike: the bound is the score itself. */
        CONSTANT,
        /** All keys far below zero: a padding zero would be a wrong maximum. */
        NEGATIVE;

        MemorySegment fill(Random random, ChunkLayout layout, int chunkCount) {
            MemorySegment chunks = Arena.ofAuto().allocate(Math.max(1, (long) chunkCount * layout.sizeBytes()));
            for (int c = 0; c < chunkCount; c++) {
                for (int j = 0; j < layout.headDim(); j++) {
                    short constant = bits(random);
                    for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                        long offset = (long) c * layout.sizeBytes() + layout.keyOffset(j, t);
                        chunks.set(SHORT, offset, this == CONSTANT ? constant : bits(random));
                    }
                }
            }
            return chunks;
        }

        private short bits(Random random) {
            return switch (this) {
                case GAUSSIAN, CONSTANT -> Float.floatToFloat16((float) random.nextGaussian());
                case ANY_BITS -> (short) (random.nextInt(0x7c00) | (random.nextBoolean() ? 0x8000 : 0));
                case NEAR_ZERO -> (short) (random.nextInt(3) | (random.nextBoolean() ? 0x8000 : 0));
                case NEGATIVE -> Float.floatToFloat16(-100 - 10 * random.nextFloat());
            };
        }
    }
}
