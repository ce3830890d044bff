package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One thread's products with SmolLM2's largest matrices, beside floors of the same machine: reading the same bytes for
 * decode, multiply-adds in registers for prefill. The secondary results are what one thread reads and computes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class LinearKernelsBenchmark {
    @Param({"Q4_1"})
    public TensorType type;

    @Param({"1536"})
    public int rows;

    @Param({"576"})
    public int columns;

    @Param({"512"})
    public int tokens;

    /** Matrices taken in turn, so that weights come from memory as in decode, not from the cache. */
    @Param({"1"})
    public int matrices;

    private final VectorLinearKernels kernels = new VectorLinearKernels();
    private Arena arena;
    private WeightMatrix[] weights;
    private float[] x;
    private float[] y;
    private int turn;

    @Setup
    @SuppressWarnings("MustBeClosedChecker") // JMH calls close
    public void fill() {
        Random random = new Random(1);
        // Shared, as the arena of a mapped file is: its liveness is checked on access.
        arena = Arena.ofShared();
        weights = new WeightMatrix[matrices];
        for (int i = 0; i < matrices; i++) {
            weights[i] = RandomWeights.of(type, rows, columns, arena, random);
        }
        x = RandomWeights.vector(tokens * columns, random);
        y = new float[tokens * rows];
    }

    @TearDown
    public void close() {
        arena.close();
    }

    /** What was done, per second. */
    @AuxCounters
    @State(Scope.Thread)
    public static class Done {
        public double gigabytes;
        public double gigaflops;
    }

    private WeightMatrix next(Done done, int perTokens) {
        turn = turn + 1 == matrices ? 0 : turn + 1;
        WeightMatrix w = weights[turn];
        done.gigabytes += w.data().byteSize() * 1e-9;
        done.gigaflops += 2e-9 * rows * columns * perTokens;
        return w;
    }

    @Benchmark
    public float[] matVec(Done done) {
        kernels.matVec(next(done, 1), 0, rows, x, 0, y, 0);
        return y;
    }

    @Benchmark
    public float[] matMul(Done done) {
        kernels.matMul(next(done, tokens), 0, rows, x, columns, tokens, y, rows);
        return y;
    }
}
