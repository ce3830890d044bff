package io.longinfer.kvcache;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.quantization.ScalarQuantizationKernels;
import io.longinfer.kvcache.codec.ChunkCodec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.codec.RecordLengths;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** What a slot may hold besides the original chunk: what the codec makes of it, whole or from the first part of its record. */
final class CodecContents {
    /** Without a disk a chunk is encoded again each time it leaves the device; it soon stops changing. */
    private static final int MOST_ROUNDS = 50;

    private final ChunkLayout layout;
    private final ChunkCodec codec;
    private final boolean coarse;
    private final boolean lossless;
    private final int rounds;

    CodecContents(KvPlan plan, KvConfig config) {
        KvConfig chosen = CodecChooser.choose(config);
        layout = new ChunkLayout(plan.shape().headDim());
        codec = new ChunkCodec(layout, chosen.codec(), new ScalarQuantizationKernels());
        coarse = chosen.codecChoice().coarseMass() > 0 && chosen.codec().precision() == Precision.INT8;
        lossless = chosen.codec().precision() == Precision.FP16;
        rounds = plan.mode() == KvPlan.Mode.DISK ? 1 : MOST_ROUNDS;
    }

    /** See {@link FakeSession.Contents}. */
    @SuppressWarnings("UnusedVariable") // a FakeSession.Contents
    boolean fit(int layer, int kvHead, int chunk, byte[] original, byte[] found) {
        byte[] now = original;
        for (int round = 0; round < rounds && !lossless; round++) {
            if (coarse && Arrays.equals(found, decoded(now, true))) {
                return true;
            }
            now = decoded(now, false);
            if (Arrays.equals(found, now)) {
                return true;
            }
        }
        return false;
    }

    private byte[] decoded(byte[] chunk, boolean prefixOnly) {
        MemorySegment source = MemorySegment.ofArray(new short[layout.sizeBytes() / Short.BYTES]);
        MemorySegment.copy(chunk, 0, source, ValueLayout.JAVA_BYTE, 0, chunk.length);
        MemorySegment record = MemorySegment.ofBuffer(java.nio.ByteBuffer.allocateDirect(codec.maxSizeBytes()));
        long lengths = codec.encode(source, 0, record, 0);
        int prefix = RecordLengths.prefixBytes(lengths);
        codec.decode(record, 0, prefix, prefixOnly ? prefix : RecordLengths.sizeBytes(lengths), source, 0);
        return source.toArray(ValueLayout.JAVA_BYTE);
    }
}
