package io.longinfer.kvcache.codec;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.quantization.QuantizationKernels;
import io.longinfer.kernels.quantization.QuantizedChunkLayout;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Encodes chunks of one layout to records of one codec, and decodes them. Thread-safe: each thread has scratch of its own, and
 * threads work on different records and chunks; nothing is allocated once a thread has its scratch (but by lz4 when it
 * compresses).
 *
 * <pre>
 * fp16        the chunk as {@link ChunkLayout} says
 * int8        first part: prefix, second part: refinement, as {@link QuantizedChunkLayout} says
 * int4        the prefix
 * +lz4        each part on its own, where that makes it smaller; of fp16, first the low bytes of all numbers, then the high ones
 * </pre>
 *
 * <p>The first part of an int8 record, read alone, decodes with the error of int4. A record does not hold its lengths; whoever
 * stores it keeps them.
 */
public final class ChunkCodec {
    private final ChunkLayout layout;
    private final QuantizedChunkLayout quantized;
    private final Codec codec;
    private final QuantizationKernels kernels;
    private final ThreadLocal<Scratch> scratches = ThreadLocal.withInitial(Scratch::new);

    public ChunkCodec(ChunkLayout layout, Codec codec, QuantizationKernels kernels) {
        this.layout = layout;
        this.codec = codec;
        this.kernels = kernels;
        quantized = new QuantizedChunkLayout(layout);
    }

    /** What records are written in. */
    public Codec codec() {
        return codec;
    }

    /** Bytes of the longest record; of every record, without lz4. */
    public int maxSizeBytes() {
        return maxPrefixBytes() + (codec.precision() == Precision.INT8 ? quantized.nibblesBytes() : 0);
    }

    /** Bytes of the longest first part; of every one, without lz4. */
    public int maxPrefixBytes() {
        return codec.precision() == Precision.FP16 ? layout.sizeBytes() : quantized.prefixBytes();
    }

    /**
     * Writes the record of a chunk. Equal chunks give equal records.
     *
     * @param record receives up to {@link #maxSizeBytes} from {@code recordOffset}
     * @return its lengths, see {@link RecordLengths}
     * @throws io.longinfer.kernels.quantization.NotFiniteException if the chunk holds an infinity or a NaN and the precision
     *     is not fp16
     */
    public long encode(MemorySegment chunk, long chunkOffset, MemorySegment record, long recordOffset) {
        boolean refined = codec.precision() == Precision.INT8;
        if (!codec.lz4()) {
            if (codec.precision() == Precision.FP16) {
                MemorySegment.copy(chunk, chunkOffset, record, recordOffset, layout.sizeBytes());
            } else {
                kernels.quantize(quantized, chunk, chunkOffset, record, recordOffset, refined);
            }
            return RecordLengths.of(maxPrefixBytes(), maxSizeBytes());
        }
        Scratch scratch = scratches.get();
        if (codec.precision() == Precision.FP16) {
            BytePlanes.split(chunk, chunkOffset, scratch.plain, layout.sizeBytes());
        } else {
            kernels.quantize(quantized, chunk, chunkOffset, scratch.plain, 0, refined);
        }
        int prefix = scratch.lz4.compress(scratch.plain, 0, maxPrefixBytes(), record, recordOffset);
        int size = prefix;
        if (refined) {
            int low = quantized.nibblesBytes();
            size += scratch.lz4.compress(scratch.plain, maxPrefixBytes(), low, record, recordOffset + prefix);
        }
        return RecordLengths.of(prefix, size);
    }

    /**
     * Writes the chunk of a record, in fp16.
     *
     * @param prefixBytes length of its first part
     * @param sizeBytes its length; if no more than {@code prefixBytes} only the first part is read, and an int8 record decodes
     *     as int4
     * @param chunk receives {@link ChunkLayout#sizeBytes} from {@code chunkOffset}
     * @throws CodecException if these lengths are none of this codec, or lz4 data are damaged. Other damage to a record gives
     *     wrong numbers: whoever stores records sums their bytes
     */
    public void decode(
            MemorySegment record,
            long recordOffset,
            int prefixBytes,
            int sizeBytes,
            MemorySegment chunk,
            long chunkOffset) {
        checkLengths(prefixBytes, sizeBytes);
        int prefix = maxPrefixBytes();
        boolean refined = sizeBytes > prefixBytes;
        if (prefixBytes == prefix && (!refined || sizeBytes == maxSizeBytes())) {
            decodePlain(record, recordOffset, refined, chunk, chunkOffset);
            return;
        }
        Scratch scratch = scratches.get();
        scratch.lz4.decompress(codec, record, recordOffset, prefixBytes, scratch.plain, 0, prefix);
        if (refined) {
            int low = quantized.nibblesBytes();
            long at = recordOffset + prefixBytes;
            scratch.lz4.decompress(codec, record, at, sizeBytes - prefixBytes, scratch.plain, prefix, low);
        }
        decodePlain(scratch.plain, 0, refined, chunk, chunkOffset);
    }

    private void decodePlain(
            MemorySegment plain, long plainOffset, boolean refined, MemorySegment chunk, long chunkOffset) {
        if (codec.precision() != Precision.FP16) {
            kernels.dequantize(quantized, plain, plainOffset, refined, chunk, chunkOffset);
        } else if (codec.lz4()) {
            BytePlanes.join(plain, plainOffset, chunk, chunkOffset, layout.sizeBytes());
        } else {
            MemorySegment.copy(plain, plainOffset, chunk, chunkOffset, layout.sizeBytes());
        }
    }

    private void checkLengths(int prefixBytes, int sizeBytes) {
        checkLength("first part", prefixBytes, maxPrefixBytes());
        if (sizeBytes > prefixBytes) {
            checkLength("second part", sizeBytes - prefixBytes, maxSizeBytes() - maxPrefixBytes());
        }
    }

    private void checkLength(String part, int bytes, int expected) {
        if (bytes < (codec.lz4() ? 1 : expected) || bytes > expected) {
            throw new CodecException(
                    codec, part + " of " + bytes + " bytes, expected " + (codec.lz4() ? "1 to " + expected : expected));
        }
    }

    /** What one thread works with: a record without lz4, in native memory so that kernels see one kind, and lz4's own. */
    private final class Scratch {
        private final Lz4Part lz4 = new Lz4Part(maxPrefixBytes());
        private final MemorySegment plain = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(maxSizeBytes()));
    }
}
