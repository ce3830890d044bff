package io.longinfer.kvcache.selection;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kvcache.abstracts.AbstractStore;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One search of one (layer, KV head) with three query heads over 512 leaves of a head of 64, all in memory. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@State(Scope.Thread)
public class SearchBenchmark {
    private static final int CHUNKS = 512;

    @Param({"FLAT", "TREE", "ADAPTIVE"})
    SearchMode mode;

    @Param({"FP16", "INT8"})
    AbstractPrecision precision;

    private AbstractStore store;
    private TreeSelector selector;
    private Selection selection;
    private float[] q;

    @Setup
    public void fill() {
        Random random = new Random(1);
        TreeFixture fixture = TreeFixture.of(TreeFixture.Keys.WALK, random, 1, 3, 64, CHUNKS);
        store = fixture.store(random, CHUNKS, fixture.allSlots(), 0, precision, TreeFixture.vector());
        selector = fixture.selector(new SelectionBudget(0.1, 0, 0, 16, 64), GroupRule.MEAN, mode, store);
        selection = fixture.selection();
        q = fixture.queries(random, 0.3f);
        float[] masses = new float[CHUNKS];
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            masses[chunk] = chunk % 128 < 24 ? 0.005f : 1e-5f; // four fifths deserts
        }
        selector.learnPrefill(0, CHUNKS, masses, 0, CHUNKS);
    }

    @Benchmark
    public Selection search() {
        selector.select(0, CHUNKS, q, 0, selection);
        return selection;
    }

    @TearDown(Level.Trial)
    public void close() {
        System.out.println(selector.statistics(0));
        store.close();
    }
}
