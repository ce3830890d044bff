package io.longinfer.kvcache.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import io.longinfer.kernels.device.CpuKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What each codec does to attention: queries that look at a few tokens of 64 chunks, answered from the chunks and from what
 * each codec makes of them. Prints a row a codec; the error is that of a query's output relative to its length.
 */
class AttentionErrorTest {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int CHUNKS = 64;
    private static final int QUERIES = 256;
    private static final long SEED = 17;

    private final ChunkLayout layout = new ChunkLayout(64);
    private final CpuKernels kernels = CpuKernels.fastest();
    private final RandomChunks random = new RandomChunks(new Random(SEED), layout);
    private final MemorySegment chunks = random.fill(CHUNKS);
    private final float[] queries = queries();
    private final float[] exact = attend(chunks);

    @Test
    void theErrorOfEachCodecIsBounded() {
        System.out.println("seed " + SEED + ", " + CHUNKS + " chunks, " + QUERIES + " queries, largest weight "
                + "on average " + meanLargestWeight());
        System.out.println("codec                 median        p99");
        // Not 0: the interpreter adds a vector's lanes in another order than compiled code does.
        assertError("fp16", false, 1e-6, 1e-6);
        assertError("int8", false, 0.015, 0.03);
        assertError("int8", true, 0.25, 0.5);
        assertError("int4", false, 0.25, 0.5);
    }

    /** Without lz4 and with it: that changes nothing. */
    private void assertError(String name, boolean prefixOnly, double medianBound, double p99Bound) {
        MemorySegment decoded = decoded(name, prefixOnly);
        double[] errors = errors(decoded);
        double median = errors[QUERIES / 2];
        double p99 = errors[QUERIES * 99 / 100];
        System.out.printf("%-18s %9.5f  %9.5f%n", name + (prefixOnly ? ", prefix" : ""), median, p99);
        assertTrue(median <= medianBound, name + ": median " + median);
        assertTrue(p99 <= p99Bound, name + ": p99 " + p99);
        assertEquals(-1, decoded.mismatch(decoded(name + "+lz4", prefixOnly)), name + "+lz4");
    }

    /** The chunks through a codec. */
    private MemorySegment decoded(String name, boolean prefixOnly) {
        ChunkCodec codec = new ChunkCodec(layout, Codec.parse(name), kernels.quantization());
        MemorySegment decoded = Arena.ofAuto().allocate(chunks.byteSize());
        MemorySegment record = Arena.ofAuto().allocate(codec.maxSizeBytes());
        for (int c = 0; c < CHUNKS; c++) {
            long at = (long) c * layout.sizeBytes();
            long lengths = codec.encode(chunks, at, record, 0);
            int prefix = RecordLengths.prefixBytes(lengths);
            codec.decode(record, 0, prefix, prefixOnly ? prefix : RecordLengths.sizeBytes(lengths), decoded, at);
        }
        return decoded;
    }

    /** Of each query, in ascending order. */
    private double[] errors(MemorySegment decoded) {
        float[] found = attend(decoded);
        double[] errors = new double[QUERIES];
        for (int r = 0; r < QUERIES; r++) {
            double error = 0;
            double length = 0;
            for (int j = r * layout.headDim(); j < (r + 1) * layout.headDim(); j++) {
                error += Math.pow(found[j] - exact[j], 2);
                length += Math.pow(exact[j], 2);
            }
            errors[r] = Math.sqrt(error / length);
        }
        Arrays.sort(errors);
        return errors;
    }

    /**
     * Half of the queries look for one token's key: noise, and so much of the key's difference from its channels' means that
     * it scores 8 above the others.
     */
    private float[] queries() {
        Random noise = new Random(SEED + 1);
        int headDim = layout.headDim();
        float[] q = new float[QUERIES * headDim];
        for (int r = 0; r < QUERIES; r++) {
            int token = noise.nextInt(CHUNKS * ChunkLayout.TOKENS);
            float[] difference = new float[headDim];
            float squares = 0;
            for (int j = 0; j < headDim; j++) {
                difference[j] = (key(token, j) - random.mean(j)) / random.spread(j);
                squares += difference[j] * difference[j];
            }
            for (int j = 0; j < headDim; j++) {
                float aimed = r % 2 == 0 ? 8 * difference[j] / squares : 0;
                // Noise that moves scores by 1: channels of a large spread are not looked at more.
                float scattered = (float) (noise.nextGaussian() / Math.sqrt(headDim));
                q[r * headDim + j] = (aimed + scattered) / random.spread(j);
            }
        }
        return q;
    }

    private float key(int token, int channel) {
        long chunk = (long) (token / ChunkLayout.TOKENS) * layout.sizeBytes();
        return Float.float16ToFloat(chunks.get(FP16, chunk + layout.keyOffset(channel, token % ChunkLayout.TOKENS)));
    }

    private float[] attend(MemorySegment memory) {
        AttentionState state = new AttentionState(QUERIES, layout.headDim());
        state.reset(QUERIES);
        kernels.attention().decode(layout, queries, 0, QUERIES, Integer.MAX_VALUE, list(memory), state, 0, null);
        float[] out = state.accumulator();
        for (int i = 0; i < out.length; i++) {
            out[i] /= state.sum()[i / layout.headDim()];
        }
        return out;
    }

    /** The weight of the likeliest token, mean over queries: how peaked attention is. */
    private double meanLargestWeight() {
        AttentionState state = new AttentionState(QUERIES, layout.headDim());
        state.reset(QUERIES);
        kernels.attention().decode(layout, queries, 0, QUERIES, Integer.MAX_VALUE, list(chunks), state, 0, null);
        double sum = 0;
        for (int r = 0; r < QUERIES; r++) {
            sum += 1 / state.sum()[r];
        }
        return sum / QUERIES;
    }

    private ChunkList list(MemorySegment memory) {
        ChunkList list = new ChunkList();
        list.reset(memory);
        for (int c = 0; c < CHUNKS; c++) {
            list.add((long) c * layout.sizeBytes(), c * ChunkLayout.TOKENS);
        }
        return list;
    }
}
