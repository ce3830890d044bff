package io.longinfer.kernels.abstracts;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Bounds of 500 chunks (8,000 tokens) of a head of 64, 128 KB of abstracts, and the scores of their best tokens, 210 KB. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@State(Scope.Thread)
public class AbstractBenchmark {
    private static final int CHUNKS = 500;

    @Param({"1", "3", "4"})
    int heads;

    private final AbstractLayout layout = new AbstractLayout(64);
    private final ChunkLayout chunkLayout = new ChunkLayout(64);
    private final AbstractKernels kernels = new VectorAbstractKernels();
    private final int groups = AbstractLayout.groups(CHUNKS);
    private final ByteAbstractLayout byteLayout = new ByteAbstractLayout(64);
    private final TokenCodeLayout codeLayout = new TokenCodeLayout(64);
    private MemorySegment abstracts;
    private MemorySegment bytes;
    private MemorySegment codes;
    private MemorySegment chunk;
    private float[] q;
    private float[] upper;

    @Setup
    public void fill() {
        Random random = new Random(1);
        chunk = Arena.ofAuto().allocate(chunkLayout.sizeBytes());
        abstracts = Arena.ofAuto().allocate((long) groups * layout.groupBytes(), 4096);
        bytes = Arena.ofAuto().allocate((long) groups * byteLayout.groupBytes(), 4096);
        codes = Arena.ofAuto().allocate((long) groups * codeLayout.groupBytes(), 4096);
        for (int c = 0; c < CHUNKS; c++) {
            for (long at = 0; at < chunk.byteSize(); at += Short.BYTES) {
                chunk.set(ValueLayout.JAVA_SHORT, at, Float.floatToFloat16((float) random.nextGaussian()));
            }
            long group = (long) (c / AbstractLayout.CHUNKS) * layout.groupBytes();
            kernels.update(chunkLayout, chunk, 0, abstracts, group, c % AbstractLayout.CHUNKS);
            long code = (long) (c / AbstractLayout.CHUNKS) * codeLayout.groupBytes();
            codeLayout.encode(chunk, 0, codes, code, c % AbstractLayout.CHUNKS);
        }
        for (int g = 0; g < groups; g++) {
            byteLayout.encode(abstracts, (long) g * layout.groupBytes(), bytes, (long) g * byteLayout.groupBytes());
        }
        q = new float[heads * 64];
        for (int i = 0; i < q.length; i++) {
            q[i] = (float) random.nextGaussian();
        }
        upper = new float[heads * groups * AbstractLayout.CHUNKS];
    }

    @Benchmark
    public float[] upperBounds() {
        kernels.upperBounds(layout, abstracts, 0, groups, q, 0, heads, upper, 0, groups * AbstractLayout.CHUNKS);
        return upper;
    }

    @Benchmark
    public float[] byteUpperBounds() {
        kernels.upperBounds(byteLayout, bytes, 0, groups, q, 0, heads, upper, 0, groups * AbstractLayout.CHUNKS);
        return upper;
    }

    @Benchmark
    public float[] tokenScores() {
        for (int g = 0; g < groups; g++) {
            long at = (long) g * byteLayout.groupBytes();
            long codesAt = (long) g * codeLayout.groupBytes();
            kernels.tokenScores(byteLayout, bytes, at, codes, codesAt, q, 0, heads, upper, AbstractLayout.CHUNKS);
        }
        return upper;
    }

    @Benchmark
    public MemorySegment update() {
        kernels.update(chunkLayout, chunk, 0, abstracts, 0, 3);
        return abstracts;
    }
}
