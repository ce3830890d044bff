package io.longinfer.kvcache.codec;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.CpuKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Encoding and decoding of chunks of a head of 64, in a near cache; the score is time a chunk. fp16 is a copy of 4 KiB. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChunkCodecBenchmark {
    private static final int CHUNKS = 16;

    /** Codec. */
    @Param({"fp16", "int8", "int4", "fp16+lz4", "int8+lz4", "int4+lz4"})
    public String codec;

    private final ChunkLayout layout = new ChunkLayout(64);
    private ChunkCodec chunkCodec;
    private MemorySegment chunks;
    private MemorySegment records;
    private MemorySegment decoded;
    private long[] lengths;

    /** Makes chunks and their records. */
    @Setup
    public void fill() {
        chunkCodec =
                new ChunkCodec(layout, Codec.parse(codec), CpuKernels.fastest().quantization());
        chunks = new RandomChunks(new Random(1), layout).fill(CHUNKS);
        decoded = Arena.ofAuto().allocate((long) layout.sizeBytes() * CHUNKS, 4096);
        records = Arena.ofAuto().allocate((long) layout.sizeBytes() * CHUNKS, 4096);
        lengths = new long[CHUNKS];
        encode();
    }

    /** Chunks to records. */
    @Benchmark
    @OperationsPerInvocation(CHUNKS)
    public long[] encode() {
        for (int i = 0; i < CHUNKS; i++) {
            long at = (long) i * layout.sizeBytes();
            lengths[i] = chunkCodec.encode(chunks, at, records, at);
        }
        return lengths;
    }

    /** Records to chunks. */
    @Benchmark
    @OperationsPerInvocation(CHUNKS)
    public MemorySegment decode() {
        for (int i = 0; i < CHUNKS; i++) {
            long at = (long) i * layout.sizeBytes();
            int prefix = RecordLengths.prefixBytes(lengths[i]);
            chunkCodec.decode(records, at, prefix, RecordLengths.sizeBytes(lengths[i]), decoded, at);
        }
        return decoded;
    }
}
