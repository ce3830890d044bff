package io.longinfer.kvcache.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.Shapes;
import io.longinfer.kvcache.selection.Selection;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionProbeTest {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Keys of one layer. */
    private interface Keys {
        float key(int kvHead, int token, int channel);
    }

    private static ClosedChunks chunks(DecoderShape shape, int first, int count, Keys keys) {
        ChunkLayout layout = new ChunkLayout(shape.headDim());
        long stride = (count + 1L) * layout.sizeBytes(); // more than the chunks take
        MemorySegment memory = Arena.ofAuto().allocate(stride * shape.kvHeads());
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int t = 0; t < count * 16; t++) {
                for (int j = 0; j < shape.headDim(); j++) {
                    float key = keys.key(head, first * 16 + t, j);
                    long chunk = head * stride + (long) (t / 16) * layout.sizeBytes();
                    memory.set(HALF, chunk + layout.keyOffset(j, t % 16), Float.floatToFloat16(key));
                    memory.set(HALF, chunk + layout.valueOffset(t % 16, j), (short) 0x7E00); // values are not looked at
                }
            }
        }
        return new ClosedChunks(first, count, memory, stride);
    }

    private static AttentionProbe probe(DecoderShape shape, int chunksPerHead, CpuKernels kernels) {
        return new AttentionProbe(shape, chunksPerHead, kernels, WorkerPool.sequential());
    }

    /** Two chunks whose tokens all score 0 and ln 3: a quarter and three quarters. */
    @Test
    void massIsTheSoftmaxOverClosedTokens() {
        DecoderShape shape = Shapes.of(2, 2, 1, 8);
        try (AttentionProbe probe = probe(shape, 4, CpuKernels.scalar())) {
            probe.append(1, chunks(shape, 0, 2, (head, token, j) -> j == 0 && token >= 16 ? 1 : 0));
            float[] queries = new float[1 + 16];
            queries[1] = (float) Math.log(3);
            queries[1 + 8] = -(float) Math.log(3);
            probe.weigh(1, 40, queries, 1);
            // The second query head sees it the other way round; the mean of 1/4 and 3/4 is a half.
            assertEquals(0.5f, probe.mass(0, 0), 1e-6f);
            queries[1 + 8] = queries[1];
            probe.weigh(1, 40, queries, 1);
            assertEquals(0.25f, probe.mass(0, 0), 1e-6f);
            assertEquals(0.75f, probe.mass(0, 1), 1e-6f);
            assertEquals(0.75f / 16, probe.tokenMass(0, 20), 1e-7f);
            Selection selection = new Selection(1, 4);
            selection.add(0, 1);
            assertEquals(0.75, probe.recall(selection), 1e-6);
            probe.record(selection);
            selection.clear(0);
            selection.add(0, 0, 1 << 3);
            selection.add(0, 1, 0xF);
            assertEquals(0.25 / 16 + 0.75 / 4, probe.recall(selection), 1e-6); // a token of one, four of the other
            selection.all(0, 2);
            assertEquals(1, probe.recall(selection));
            probe.record(selection);
            assertEquals(0.875, probe.meanRecall(1), 1e-6);
            assertEquals(2, probe.steps(1));
            assertTrue(Double.isNaN(probe.meanRecall(0)));
            assertEquals(2 * 4 * 16 * 8 * 2, probe.sizeBytes());
        }
    }

    @Test
    void nothingIsRecordedWithoutChunks() {
        DecoderShape shape = Shapes.of(1, 2, 2, 8);
        try (AttentionProbe probe = probe(shape, 0, CpuKernels.fastest())) {
            probe.weigh(0, 3, new float[16], 0);
            probe.record(new Selection(2, 0));
            assertEquals(0, probe.steps(0));
            assertThrows(IllegalStateException.class, () -> probe.recall(new Selection(2, 0)));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 8, 1", "6, 2, 24, 4", "3, 3, 64, 13", "9, 3, 64, 130", "8, 1, 128, 33"})
    void allKernelsAgreeWithDoublePrecision(int heads, int kvHeads, int headDim, int count) {
        Random random = new Random(heads * 31L + count);
        DecoderShape whole = Shapes.of(2, heads, kvHeads, headDim);
        float[][][] keys = new float[kvHeads][count * 16][headDim];
        for (float[][] head : keys) {
            for (float[] token : head) {
                for (int j = 0; j < headDim; j++) {
                    token[j] = Float.float16ToFloat(Float.floatToFloat16((float) random.nextGaussian()));
                }
            }
        }
        float[] queries = new float[5 + heads * headDim];
        for (int i = 0; i < queries.length; i++) {
            queries[i] = (float) (2 * random.nextGaussian() / Math.sqrt(headDim));
        }
        int position = count * 16 + random.nextInt(16);
        for (int window : new int[] {DecoderTraits.NO_WINDOW, 1 + random.nextInt(position)}) {
            DecoderShape shape = windowed(whole, window);
            double[][] expected = expected(shape, keys, queries, position);
            for (CpuKernels kernels : new CpuKernels[] {CpuKernels.scalar(), CpuKernels.fastest()}) {
                try (AttentionProbe probe = probe(shape, count + 2, kernels)) {
                    for (int first = 0; first < count; first += 3) {
                        int some = Math.min(3, count - first);
                        probe.append(1, chunks(shape, first, some, (head, token, j) -> keys[head][token][j]));
                    }
                    probe.weigh(1, position, queries, 5);
                    for (int head = 0; head < kvHeads; head++) {
                        for (int t = 0; t < count * 16; t++) {
                            double mass = expected[head][t];
                            assertEquals(mass, probe.tokenMass(head, t), 2e-5 * mass + 1e-9, head + ", token " + t);
                        }
                    }
                }
            }
        }
    }

    private static DecoderShape windowed(DecoderShape shape, int window) {
        return new DecoderShape(
                shape.layers(),
                shape.width(),
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                shape.feedForward(),
                shape.vocabulary(),
                shape.normEpsilon(),
                shape.rope(),
                shape.contextTokens(),
                DecoderTraits.LLAMA.withWindow(window, Set.of()));
    }

    private static double[][] expected(DecoderShape shape, float[][][] keys, float[] queries, int position) {
        int tokens = keys[0].length;
        double[][] masses = new double[shape.kvHeads()][tokens];
        for (int q = 0; q < shape.heads(); q++) {
            int head = q / shape.group();
            double[] weights = new double[tokens];
            double sum = 0;
            for (int t = shape.firstVisible(1, position); t < tokens; t++) {
                double score = 0;
                for (int j = 0; j < shape.headDim(); j++) {
                    score += (double) queries[5 + q * shape.headDim() + j] * keys[head][t][j];
                }
                weights[t] = Math.exp(score);
                sum += weights[t];
            }
            for (int t = 0; t < tokens && sum > 0; t++) {
                masses[head][t] += weights[t] / sum / shape.group();
            }
        }
        return masses;
    }
}
