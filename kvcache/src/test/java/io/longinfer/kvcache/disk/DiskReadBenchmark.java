package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
 * Random direct reads of records, in batches of {@link #BATCH}; the score is records a second. The file is some 0.5 GiB, in
 * the folder of system property {@code kvcache.bench.dir} or the temporary one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class DiskReadBenchmark {
    static final int BATCH = 512;
    private static final int BLOCKS = 1 << 17;

    /** How the disk is read. */
    @Param({"URING", "THREADS"})
    public DiskIo.Backend backend;

    /** Requests in flight. */
    @Param({"8", "32", "64", "128"})
    public int depth;

    /** Bytes of a record, which is also its slot. */
    @Param({"4096", "2560", "1536"})
    public int recordBytes;

    /** Records asked for together. */
    @Param({"1"})
    public int run;

    /** Slots from one record of a run to the next. */
    @Param({"1"})
    public int step;

    /** Gaps that are read over. */
    @Param({"0"})
    public int bridgeBytes;

    private final Random random = new Random(1);
    private DiskIo io;
    private DiskStore store;
    private ReadBatch batch;

    /** Writes the file. */
    @Setup(Level.Trial)
    public void write() {
        Path directory = Path.of(System.getProperty("kvcache.bench.dir", System.getProperty("java.io.tmpdir")));
        DiskGeometry geometry = new DiskGeometry(1, 1, BLOCKS, 0, recordBytes, 0, DiskStore.alignment(directory));
        io = DiskIo.open(DiskIo.Options.of(backend).withDepth(depth).withBridge(bridgeBytes));
        store = DiskStore.open(
                geometry,
                new DiskStore.Options(directory, DirectIo.REQUIRED, geometry.fileBytes(), 4 << 20),
                new TierBudget(Tier.DISK, Long.MAX_VALUE),
                io);
        MemorySegment block = Arena.ofAuto().allocate(recordBytes);
        for (int i = 0; i < BLOCKS; i++) {
            block.set(ValueLayout.JAVA_INT, 0, i);
            store.append(i, block, 0, recordBytes, recordBytes);
        }
        store.drain();
        batch = new ReadBatch((tag, source, offset, prefixLength, length) -> {});
    }

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void read() {
        batch.clear();
        for (int i = 0; i < BATCH; i += run) {
            int first = random.nextInt(BLOCKS - run * step);
            for (int j = 0; j < run; j++) {
                batch.add(first + j * step, i + j);
            }
        }
        store.submit(batch);
        store.await(batch);
    }

    /** Deletes the file. */
    @TearDown(Level.Trial)
    public void close() {
        store.close();
        io.close();
    }
}
