package io.longinfer.kernels.linear;

import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
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

/** What this machine can do at most: read memory with vectors, and multiply-add in registers. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class LinearFloorBenchmark {
    private static final int MULTIPLY_ADDS = 1 << 12;

    /** Bytes read: 64 MiB are more than caches hold. */
    @Param({"67108864"})
    public int bytes;

    private Arena arena;
    private MemorySegment memory;

    @Setup
    @SuppressWarnings("MustBeClosedChecker") // JMH calls close
    public void fill() {
        arena = Arena.ofShared();
        memory = arena.allocate(bytes, 64).fill((byte) 1);
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

    @Benchmark
    public int read(Done done) {
        IntVector a = IntVector.zero(Lanes.INTS);
        IntVector b = IntVector.zero(Lanes.INTS);
        int step = Lanes.COUNT * Integer.BYTES;
        for (int i = 0; i < bytes; i += 2 * step) {
            a = a.add(IntVector.fromMemorySegment(Lanes.INTS, memory, i, ByteOrder.LITTLE_ENDIAN));
            b = b.add(IntVector.fromMemorySegment(Lanes.INTS, memory, i + step, ByteOrder.LITTLE_ENDIAN));
        }
        done.gigabytes += bytes * 1e-9;
        return a.add(b).reduceLanes(VectorOperators.ADD);
    }

    @Benchmark
    public float multiplyAdd(Done done) {
        FloatVector f = Loads.broadcast(0.999f);
        FloatVector a = Loads.zero();
        FloatVector b = Loads.broadcast(1);
        FloatVector c = Loads.broadcast(2);
        FloatVector d = Loads.broadcast(3);
        FloatVector e = Loads.broadcast(4);
        FloatVector g = Loads.broadcast(5);
        FloatVector h = Loads.broadcast(6);
        FloatVector k = Loads.broadcast(7);
        for (int i = 0; i < MULTIPLY_ADDS; i++) {
            a = a.fma(f, f);
            b = b.fma(f, f);
            c = c.fma(f, f);
            d = d.fma(f, f);
            e = e.fma(f, f);
            g = g.fma(f, f);
            h = h.fma(f, f);
            k = k.fma(f, f);
        }
        done.gigaflops += 2e-9 * MULTIPLY_ADDS * 8 * Lanes.COUNT;
        return a.add(b).add(c).add(d).add(e).add(g).add(h).add(k).reduceLanes(VectorOperators.ADD);
    }
}
