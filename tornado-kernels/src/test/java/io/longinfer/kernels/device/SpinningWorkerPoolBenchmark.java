package io.longinfer.kernels.device;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What it costs to hand out a job of empty pieces, one a thread, and to wait for it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SpinningWorkerPoolBenchmark {
    @Param({"1", "2"})
    public int threads;

    @Param({"2", "8"})
    public int pieces;

    private SpinningWorkerPool pool;
    private WorkerPool.Task task;
    private long[] sink;

    @Setup
    public void open() {
        pool = new SpinningWorkerPool("benchmark", threads);
        long[] counters = new long[threads * 16];
        sink = counters;
        task = (index, worker) -> counters[worker * 16]++;
    }

    @Benchmark
    public long[] emptyJob() {
        pool.forEach(pieces, task);
        return sink;
    }

    @TearDown
    public void close() {
        pool.close();
    }
}
