package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Random reads of 4 KiB chunks, direct, in batches of {@link #BATCH} with several in flight; the score is chunks a second.
 * With one thread and runs of one it is what a loop of plain reads would do. The file is 1 GiB, in the folder of system
 * property {@code kvcache.bench.dir} or the temporary one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class DiskReadBenchmark {
    static final int BATCH = 256;
    private static final int BLOCKS = 1 << 18;

    /** Reads in flight. */
    @Param({"1", "4", "8", "16"})
    public int threads;

    /** Neighbouring chunks asked for together. */
    @Param({"1", "8"})
    public int run;

    private final Random random = new Random(1);
    private DiskStore store;
    private ReadBatch batch;

    /** Writes the file. */
    @Setup(Level.Trial)
    public void write() {
        Path directory = Path.of(System.getProperty("kvcache.bench.dir", System.getProperty("java.io.tmpdir")));
        DiskGeometry geometry = new DiskGeometry(1, 1, BLOCKS, 0, 4096, 4096);
        store = DiskStore.open(
                geometry,
                new DiskStore.Options(directory, DirectIo.REQUIRED, geometry.fileBytes(), 1024, threads, run),
                new TierBudget(Tier.DISK, Long.MAX_VALUE));
        MemorySegment block = Arena.ofAuto().allocate(4096);
        for (int i = 0; i < BLOCKS; i++) {
            block.set(java.lang.foreign.ValueLayout.JAVA_INT, 0, i);
            store.append(i, block, 0);
        }
        store.drain();
        batch = new ReadBatch((tag, source, offset) -> {});
    }

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void read() {
        batch.clear();
        for (int i = 0; i < BATCH; i += run) {
            int first = random.nextInt(BLOCKS - run);
            for (int j = 0; j < run; j++) {
                batch.add(first + j, i + j);
            }
        }
        store.submit(batch);
        store.await(batch);
    }

    /** Deletes the file. */
    @TearDown(Level.Trial)
    public void close() {
        store.close();
    }
}
