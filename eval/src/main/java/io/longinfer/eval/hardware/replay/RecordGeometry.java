package io.longinfer.eval.hardware.replay;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.quantization.QuantizedChunkLayout;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;

/**
 * Bytes of a chunk's record and how records are read: those that follow each other in one operation.
 *
 * @param chunkBytes of a chunk in fp16
 * @param recordBytes of a whole record
 * @param prefixBytes of the part that is read alone of chunks that weigh little
 * @param groupBytes of a group of abstracts, which is read at once
 * @param alignmentBytes what reads are aligned to
 * @param operationBytes the largest read
 */
public record RecordGeometry(
        int chunkBytes, int recordBytes, int prefixBytes, int groupBytes, int alignmentBytes, int operationBytes) {
    /** Most bytes between two records that are read over, as the disk tier does. */
    private static final int BRIDGE_BYTES = 4096;

    /** The records of a codec; lz4 is taken to save nothing, as a trace does not hold the bytes. */
    public static RecordGeometry of(int headDim, Codec codec, int groupBytes, int alignmentBytes, int operationBytes) {
        ChunkLayout layout = new ChunkLayout(headDim);
        QuantizedChunkLayout quantized = new QuantizedChunkLayout(layout);
        boolean exact = codec.precision() == Precision.FP16;
        int prefix = exact ? layout.sizeBytes() : quantized.prefixBytes();
        int whole = codec.precision() == Precision.INT8 ? quantized.sizeBytes() : prefix;
        return new RecordGeometry(layout.sizeBytes(), whole, prefix, groupBytes, alignmentBytes, operationBytes);
    }

    private long aligned(long bytes) {
        return (bytes + alignmentBytes - 1) / alignmentBytes * alignmentBytes;
    }

    /** Bytes that a read of a record takes from the disk. */
    public long readBytes(boolean prefixOnly) {
        return aligned(prefixOnly ? prefixBytes : recordBytes);
    }

    /** Operations that reading so many bytes of abstracts takes. */
    public double groups(double bytes) {
        return bytes / groupBytes;
    }

    /** Bytes from one record to the next in the file. */
    public long strideBytes() {
        return aligned(recordBytes);
    }

    /** Counts the operations that reading records, one after the other, makes. Not thread-safe. */
    public final class Runs {
        private long start = -1;
        private long end = -1;
        private long operations;
        private long bytes;

        /** Reads the record of a chunk. */
        public void add(int id, boolean prefixOnly) {
            long from = id * strideBytes();
            long to = from + readBytes(prefixOnly);
            boolean follows = end >= 0 && from >= end && from - end <= BRIDGE_BYTES && to - start <= operationBytes;
            if (follows) {
                bytes += to - end;
            } else {
                operations++;
                bytes += to - from;
                start = from;
            }
            end = to;
        }

        /** What was read so far ends a batch: what comes is not read together with it. */
        public void endBatch() {
            end = -1;
        }

        /** Operations so far. */
        public long operations() {
            return operations;
        }

        /** Bytes so far, those between records that are read over among them. */
        public long bytes() {
            return bytes;
        }
    }
}
