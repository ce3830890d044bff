package io.longinfer.kernels.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every implementation of attention must do, against double precision on plain arrays. */
abstract class AttentionKernelsContract {
    /** Of an output of magnitude 1, for each unit of the scores' standard deviation: scores round in proportion. */
    private static final double TOLERANCE = 5e-6;

    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

    abstract AttentionKernels kernels();

    @ParameterizedTest
    @CsvSource({
        "8, 1, 1, false",
        "8, 3, 4, true",
        "16, 2, 13, true",
        "24, 5, 4, false",
        "64, 3, 1, false",
        "64, 3, 130, true",
        "64, 1, 1021, false",
        "64, 4, 13, true",
        "64, 6, 13, false",
        "64, 8, 4, true",
        "80, 7, 13, true",
        "96, 2, 130, false",
        "128, 4, 130, true",
        "128, 8, 1, false",
        "64, 13, 4, false",
        "64, 3, 0, false"
    })
    void decodesAsTheFormulaSays(int headDim, int group, int chunkCount, boolean gaps) {
        Random random = seeded(headDim * 31L + group * 7L + chunkCount);
        AttentionFixture fixture = new AttentionFixture(random, headDim, group, chunkCount, gaps, 2);
        for (int position : positions(fixture, random)) {
            AttentionState state = fixture.state();
            float[] mass = new float[group * chunkCount];
            kernels().decode(fixture.layout, fixture.q, 0, group, position, fixture.chunks, state, 0, mass);
            for (int g = 0; g < group; g++) {
                String what = "head " + g + " at position " + position;
                assertRow(fixture, g, position, state, g, what);
                double[] weights = fixture.weights(g, position);
                double relative = state.sum()[g] == 0 ? 0 : Math.exp(-state.max()[g]);
                for (int c = 0; c < chunkCount; c++) {
                    double expected = 0;
                    for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                        expected += weights[c * ChunkLayout.TOKENS + t] * relative;
                    }
                    double actual = mass[g * chunkCount + c];
                    assertEquals(expected, actual, expected * 1e-5 + 1e-12, what + ", mass of chunk " + c);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 1", "8, 3, 4", "12, 2, 13", "14, 5, 130", "64, 3, 1", "64, 1, 1021", "128, 8, 13", "64, 3, 0"})
    void scoresKeysAlone(int channels, int group, int chunkCount) {
        Random random = seeded(channels * 43L + group * 5L + chunkCount);
        int odd = 2; // nothing may assume alignment
        MemorySegment keys = Arena.ofAuto().allocate(odd + 32L * channels * Math.max(1, chunkCount));
        float[] q = new float[3 + group * channels];
        for (int i = 0; i < q.length; i++) {
            q[i] = (float) random.nextGaussian();
        }
        float[][] plain = new float[chunkCount * 16][channels];
        for (int t = 0; t < plain.length; t++) {
            for (int j = 0; j < channels; j++) {
                short half = Float.floatToFloat16((float) random.nextGaussian());
                plain[t][j] = Float.float16ToFloat(half);
                keys.set(HALF, odd + 2L * ((t / 16 * channels + j) * 16L + t % 16), half);
            }
        }
        int stride = 16 * (chunkCount + 1) + random.nextInt(5);
        float[] scores = new float[group * stride];
        java.util.Arrays.fill(scores, 7f);
        kernels().scores(channels, q, 3, group, keys, odd, chunkCount, scores, stride);
        for (int g = 0; g < group; g++) {
            for (int t = 0; t < plain.length; t++) {
                double expected = 0;
                for (int j = 0; j < channels; j++) {
                    expected += (double) q[3 + g * channels + j] * plain[t][j];
                }
                assertEquals(
                        expected, scores[g * stride + t], 1e-5 * Math.sqrt(channels), "head " + g + ", token " + t);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 1, 1", "24, 5, 4", "64, 3, 130", "64, 1, 33", "128, 4, 13"})
    void seesOnlyWhatMasksLeave(int headDim, int group, int chunkCount) {
        Random random = seeded(headDim * 47L + group * 7L + chunkCount);
        AttentionFixture fixture = new AttentionFixture(random, headDim, group, chunkCount, true, 2);
        fixture.mask(random);
        for (int position : new int[] {fixture.end() / 2, fixture.end()}) {
            AttentionState state = fixture.state();
            float[] mass = new float[group * chunkCount];
            kernels().decode(fixture.layout, fixture.q, 0, group, position, fixture.chunks, state, 0, mass);
            for (int g = 0; g < group; g++) {
                assertRow(fixture, g, position, state, g, "head " + g + " at position " + position);
                double sum = 0;
                for (int c = 0; c < chunkCount; c++) {
                    sum += mass[g * chunkCount + c];
                }
                assertEquals(state.sum()[g], sum, 1e-4 * sum + 1e-12, "masses at position " + position);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "8, 1, 1, 1",
        "8, 3, 5, 2",
        "16, 2, 40, 4",
        "24, 5, 7, 4",
        "64, 3, 33, 13",
        "64, 3, 64, 40",
        "64, 1, 17, 5",
        "64, 4, 3, 130",
        "80, 7, 19, 4",
        "96, 2, 16, 13",
        "128, 8, 9, 3",
        "64, 3, 11, 0",
        "64, 9, 2, 20"
    })
    void prefillsAsTheFormulaSays(int headDim, int group, int tokens, int chunkCount) {
        Random random = seeded(headDim * 37L + group * 11L + tokens);
        AttentionFixture fixture =
                new AttentionFixture(random, headDim, group * tokens, chunkCount, tokens % 2 == 0, 2);
        for (int first : new int[] {0, Math.max(0, fixture.end() - tokens), fixture.end() / 2, fixture.end()}) {
            AttentionState state = fixture.state();
            kernels()
                    .prefill(
                            fixture.layout,
                            fixture.q,
                            0,
                            group * headDim,
                            group,
                            tokens,
                            first,
                            fixture.chunks,
                            state,
                            0,
                            group);
            for (int row = 0; row < group * tokens; row++) {
                String what = "row " + row + " from position " + first;
                assertRow(fixture, row, first + row / group, state, row, what);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 3, 40, 1", "64, 3, 40, 32", "24, 2, 130, 100", "16, 1, 21, 16", "80, 4, 70, 545", "64, 2, 13, 5000"
    })
    void seesNothingBeforeTheWindow(int headDim, int group, int chunkCount, int window) {
        Random random = seeded(headDim * 41L + window);
        int tokens = 35;
        AttentionFixture fixture = new AttentionFixture(random, headDim, group * tokens, chunkCount, false, 2);
        fixture.limit(window);
        for (int position : positions(fixture, random)) {
            AttentionState state = fixture.state();
            float[] mass = new float[group * chunkCount];
            kernels().decode(fixture.layout, fixture.q, 0, group, position, fixture.chunks, state, 0, mass);
            for (int g = 0; g < group; g++) {
                assertRow(fixture, g, position, state, g, "head " + g + " at position " + position);
                double sum = 0;
                for (int c = 0; c < chunkCount; c++) {
                    boolean outside = (c + 1) * ChunkLayout.TOKENS <= position - window + 1;
                    assertTrue(!outside || mass[g * chunkCount + c] == 0, "mass of chunk " + c);
                    sum += mass[g * chunkCount + c];
                }
                assertEquals(state.sum()[g], sum, 1e-4 * sum + 1e-12, "masses at position " + position);
            }
        }
        for (int first : new int[] {0, fixture.end() / 2, fixture.end() - tokens, fixture.end() - 3}) {
            AttentionState state = fixture.state();
            int stride = group * headDim;
            kernels()
                    .prefill(
                            fixture.layout,
                            fixture.q,
                            0,
                            stride,
                            group,
                            tokens,
                            first,
                            fixture.chunks,
                            state,
                            0,
                            group);
            for (int row = 0; row < group * tokens; row++) {
                assertRow(fixture, row, first + row / group, state, row, "row " + row + " from position " + first);
            }
        }
    }

    @Test
    void prefillTakesStridesAndLeavesOtherRowsAlone() {
        Random random = seeded(5);
        int headDim = 16;
        int tokens = 21;
        AttentionFixture fixture = new AttentionFixture(random, headDim, 5 * tokens + 1, 3, false, 1);
        AttentionState state = fixture.state();
        // Two query heads, the second and third of five, from a start behind the arrays' own.
        kernels()
                .prefill(
                        fixture.layout, fixture.q, 2 * headDim, 5 * headDim, 2, tokens, 7, fixture.chunks, state, 2, 5);
        for (int row = 0; row < fixture.rows; row++) {
            int head = (row + 4) % 5;
            if (head == 1 || head == 2) {
                assertRow(fixture, row, 7 + (row - 1) / 5, state, row, "row " + row);
            } else {
                assertEquals(AttentionState.FLOOR, state.max()[row], "row " + row);
                assertEquals(0f, state.sum()[row], "row " + row);
            }
        }
    }

    @Test
    void continuesInAnyOrder() {
        Random random = seeded(6);
        AttentionFixture fixture = new AttentionFixture(random, 64, 3, 41, true, 6);
        int position = fixture.end() - 5;
        ChunkList[] parts = {new ChunkList(), new ChunkList(), new ChunkList()};
        for (ChunkList part : parts) {
            part.reset(fixture.chunks.memory());
        }
        for (int c = 0; c < fixture.chunks.size(); c++) {
            parts[random.nextInt(3)].add(fixture.chunks.offsetBytes(c), fixture.chunks.firstPosition(c));
        }
        AttentionState state = fixture.state();
        for (ChunkList part : parts) {
            kernels().decode(fixture.layout, fixture.q, 0, 2, position, part, state, 0, null);
            kernels().prefill(fixture.layout, fixture.q, 2 * 64, 64, 1, 1, position, part, state, 2, 1);
        }
        for (int g = 0; g < 3; g++) {
            assertRow(fixture, g, position, state, g, "row " + g);
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 1, 1, false", "64, 3, 13, true", "24, 5, 33, false", "80, 4, 130, true", "64, 2, 0, false"})
    void tellsWhatEachTokenWeighs(int headDim, int group, int chunkCount, boolean gaps) {
        Random random = seeded(headDim * 47L + group * 3L + chunkCount);
        AttentionFixture fixture = new AttentionFixture(random, headDim, group, chunkCount, gaps, 2);
        int tokens = chunkCount * ChunkLayout.TOKENS;
        for (int position : positions(fixture, random)) {
            AttentionState state = fixture.state();
            float[] weights = new float[group * tokens];
            java.util.Arrays.fill(weights, 7f);
            kernels().decodeByToken(fixture.layout, fixture.q, 0, group, position, fixture.chunks, state, 0, weights);
            for (int g = 0; g < group; g++) {
                String what = "head " + g + " at position " + position;
                assertRow(fixture, g, position, state, g, what);
                double[] expected = fixture.weights(g, position);
                for (int t = 0; t < tokens; t++) {
                    double weight = expected[t] * (state.sum()[g] == 0 ? 0 : Math.exp(-state.max()[g]));
                    assertEquals(weight, weights[g * tokens + t], weight * 1e-5 + 1e-12, what + ", token " + t);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "8, 1, 1, 1, 100000",
        "16, 2, 7, 2, 100000",
        "64, 3, 33, 40, 100000",
        "24, 5, 64, 13, 77",
        "80, 4, 16, 9, 100000",
        "64, 3, 5, 0, 100"
    })
    void addsColumnsOfTheAttentionMatrix(int headDim, int group, int tokens, int chunkCount, int window) {
        Random random = seeded(headDim * 53L + group * 5L + tokens);
        // Some other query heads between those of the group, and other rows before.
        int stride = group + 2;
        AttentionFixture fixture = new AttentionFixture(random, headDim, 1 + stride * tokens, chunkCount, true, 2);
        fixture.limit(window);
        for (int first : new int[] {0, Math.max(0, fixture.end() - tokens), fixture.end() / 2, fixture.end()}) {
            float[] sums = new float[fixture.end()];
            double[] expected = new double[sums.length];
            java.util.Arrays.fill(sums, 0.5f);
            java.util.Arrays.fill(expected, 0.5);
            float[] logSums = new float[fixture.rows];
            for (int row = 0; row < tokens * group; row++) {
                int query = 1 + row / group * stride + row % group;
                double[] weights = fixture.weights(query, first + row / group);
                // The rows attend something else besides.
                double sum = 1
                        + random.nextFloat()
                        + java.util.Arrays.stream(weights).sum();
                logSums[query] = (float) Math.log(sum);
                for (int t = 0; t < weights.length; t++) {
                    expected[fixture.position(t)] += weights[t] / sum;
                }
            }
            kernels()
                    .addColumnSums(
                            fixture.layout,
                            fixture.q,
                            headDim,
                            stride * headDim,
                            group,
                            tokens,
                            first,
                            fixture.chunks,
                            logSums,
                            1,
                            stride,
                            sums);
            for (int t = 0; t < sums.length; t++) {
                assertEquals(expected[t], sums[t], 2e-5 * expected[t], "position " + t + " from " + first);
            }
        }
    }

    @Test
    void attendsNothingOfTheFuture() {
        AttentionFixture fixture = new AttentionFixture(seeded(7), 24, 2, 3, false, 1);
        AttentionState state = fixture.state();
        float[] mass = new float[6];
        kernels().decode(fixture.layout, fixture.q, 0, 2, -1, fixture.chunks, state, 0, mass);
        kernels().prefill(fixture.layout, fixture.q, 0, 24, 1, 2, -2, fixture.chunks, state, 0, 1);
        assertArrayEquals(new float[6], mass);
        assertArrayEquals(new float[] {0, 0}, state.sum());
        assertArrayEquals(new float[2 * 24], state.accumulator());
    }

    @Test
    void bearsScoresOfAnySize() {
        for (float scale : new float[] {1e-30f, 100, 3e4f}) {
            AttentionFixture fixture = new AttentionFixture(seeded(8), 64, 3, 20, false, scale);
            AttentionState state = fixture.state();
            kernels().decode(fixture.layout, fixture.q, 0, 3, 1000, fixture.chunks, state, 0, null);
            AttentionState expected = fixture.state();
            new ScalarAttentionKernels()
                    .decode(fixture.layout, fixture.q, 0, 3, 1000, fixture.chunks, expected, 0, null);
            for (int g = 0; g < 3; g++) {
                double tolerance = 1e-5 + 1e-6 * scale;
                assertEquals(
                        expected.max()[g],
                        state.max()[g],
                        1e-20 + 1e-6 * Math.abs(expected.max()[g]),
                        "scale " + scale);
                double[] result = AttentionFixture.result(state, g);
                assertArrayEquals(
                        AttentionFixture.result(expected, g), result, Math.min(tolerance, 0.1), "scale " + scale);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"8", "24", "64", "80"})
    void storesRoundedToNearest(int headDim) {
        Random random = seeded(headDim);
        ChunkLayout layout = new ChunkLayout(headDim);
        float[] awkward = {0f, -0f, 1e6f, -1e6f, 65519f, 65504f, 6e-8f, 2.9e-8f, 5.96e-8f, 1 + 0x1p-11f, 1 + 0x3p-11f};
        for (int token : new int[] {0, 5, 15}) {
            float[] keys = new float[headDim + 3];
            float[] values = new float[headDim + 2];
            for (int j = 0; j < headDim; j++) {
                keys[3 + j] = j < 8 || j >= 19 ? awkward[random.nextInt(awkward.length)] : awkward[j - 8];
                values[2 + j] = (float) (random.nextGaussian() * Math.scalb(1f, random.nextInt(40) - 28));
            }
            MemorySegment slot = Arena.ofAuto().allocate(2 + layout.sizeBytes());
            slot.fill((byte) 0x55);
            kernels().store(layout, keys, 3, values, 2, slot, 2, token);
            for (int j = 0; j < headDim; j++) {
                assertStored(keys[3 + j], slot, 2 + layout.keyOffset(j, token));
                assertStored(values[2 + j], slot, 2 + layout.valueOffset(token, j));
                assertEquals((short) 0x5555, slot.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 + layout.keyOffset(j, 7)));
                assertEquals((short) 0x5555, slot.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 + layout.valueOffset(7, j)));
            }
        }
    }

    private static void assertStored(float x, MemorySegment slot, long offset) {
        float inRange = Math.max(-65504f, Math.min(65504f, x));
        assertEquals(Float.floatToFloat16(inRange), slot.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset), "of " + x);
    }

    private static int[] positions(AttentionFixture fixture, Random random) {
        int end = fixture.end();
        return end == 0 ? new int[] {0} : new int[] {end - 1, end + 9, end - 7, random.nextInt(end), 0};
    }

    private static void assertRow(
            AttentionFixture fixture, int queryRow, int position, AttentionState state, int row, String what) {
        assertArrayEquals(
                fixture.attend(queryRow, position),
                AttentionFixture.result(state, row),
                TOLERANCE * fixture.scale,
                what);
    }

    private Random seeded(long seed) {
        System.out.println(getClass().getSimpleName() + ": seed " + seed);
        return new Random(seed);
    }
}
