package io.longinfer.kernels.attention;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Attention of three query heads that share a KV head of 64 channels. The counter {@code flops} is in operations per
 * second, a multiplication and an addition each counted, masked ones not.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class AttentionBenchmark {
    private static final int HEAD_DIM = 64;
    private static final int GROUP = 3;

    /** Counts arithmetic. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Counter {
        public double flops;

        @Setup(Level.Iteration)
        public void reset() {
            flops = 0;
        }
    }

    /** A token behind a list of chunks. */
    @State(Scope.Thread)
    public static class Decode {
        @Param({"1", "64", "512"})
        int chunkCount;

        @Param({"false", "true"})
        boolean mass;

        final ChunkLayout layout = new ChunkLayout(HEAD_DIM);
        final AttentionKernels kernels = new VectorAttentionKernels();
        final AttentionState state = new AttentionState(GROUP, HEAD_DIM);
        float[] q;
        float[] masses;
        ChunkList chunks;

        @Setup
        public void fill() {
            q = queries(GROUP);
            chunks = chunks(layout, chunkCount);
            masses = mass ? new float[GROUP * chunkCount] : null;
        }
    }

    @Benchmark
    public AttentionState decode(Decode d, Counter counter) {
        d.state.reset(GROUP);
        int position = d.chunkCount * ChunkLayout.TOKENS;
        d.kernels.decode(d.layout, d.q, 0, GROUP, position, d.chunks, d.state, 0, d.masses);
        counter.flops += 4.0 * GROUP * HEAD_DIM * d.chunkCount * ChunkLayout.TOKENS;
        return d.state;
    }

    /** A block of tokens behind a context and over itself. */
    @State(Scope.Thread)
    public static class Prefill {
        @Param({"128", "512"})
        int tokens;

        @Param({"0", "2048", "8000"})
        int depth;

        final ChunkLayout layout = new ChunkLayout(HEAD_DIM);
        final AttentionKernels kernels = new VectorAttentionKernels();
        AttentionState state;
        float[] q;
        ChunkList chunks;

        @Setup
        public void fill() {
            q = queries(GROUP * tokens);
            chunks = chunks(layout, (depth + tokens) / ChunkLayout.TOKENS);
            state = new AttentionState(GROUP * tokens, HEAD_DIM);
        }
    }

    @Benchmark
    public AttentionState prefill(Prefill p, Counter counter) {
        p.state.reset(GROUP * p.tokens);
        p.kernels.prefill(p.layout, p.q, 0, GROUP * HEAD_DIM, GROUP, p.tokens, p.depth, p.chunks, p.state, 0, GROUP);
        counter.flops += 4.0 * GROUP * HEAD_DIM * p.tokens * (p.depth + p.tokens / 2.0);
        return p.state;
    }

    private static float[] queries(int rows) {
        Random random = new Random(1);
        float[] q = new float[rows * HEAD_DIM];
        for (int i = 0; i < q.length; i++) {
            q[i] = (float) random.nextGaussian() / 8;
        }
        return q;
    }

    /** Chunks in memory outside the heap, as pools have them, in an order that no prefetcher guesses. */
    private static ChunkList chunks(ChunkLayout layout, int count) {
        Random random = new Random(2);
        MemorySegment memory = Arena.ofAuto().allocate((long) count * layout.sizeBytes(), 4096);
        for (long at = 0; at < memory.byteSize(); at += Short.BYTES) {
            memory.set(ValueLayout.JAVA_SHORT, at, Float.floatToFloat16((float) random.nextGaussian()));
        }
        int[] slots = random.ints(0, count).distinct().limit(count).toArray();
        ChunkList chunks = new ChunkList();
        chunks.reset(memory);
        for (int c = 0; c < count; c++) {
            chunks.add((long) slots[c] * layout.sizeBytes(), c * ChunkLayout.TOKENS);
        }
        return chunks;
    }
}
