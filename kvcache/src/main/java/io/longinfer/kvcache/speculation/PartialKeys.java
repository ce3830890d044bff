package io.longinfer.kvcache.speculation;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Keys of all closed chunks in the leading channels of their head's skew, fp16, chunk by chunk as {@code [channels][16]}. Memory
 * is native and allocated at once; which budget it counts against is the plan's decision. Different heads may be used by
 * several threads. Close it once nothing uses it.
 */
public final class PartialKeys implements AutoCloseable {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** What lies beyond fp16 becomes its largest number. */
    private static final float LARGEST_FP16 = 65504f;

    private final int headDim;
    private final int kvHeads;
    private final int chunksPerHead;
    private final int channels;
    private final int firstLayer;
    private final Arena arena = Arena.ofShared();

    /** {@code [layers from the first][kvHeads][chunksPerHead][channels][16]} */
    private final MemorySegment keys;

    /** {@code [layers][kvHeads][channels][headDim]} */
    private final float[][][][] columns;

    /** {@code [kvHeads][headDim][16]}, {@code [kvHeads][16]}: a key being projected. */
    private final float[][] decoded;

    private final float[][] projected;

    /**
     * Room for the layers from {@code firstLayer} on.
     *
     * @param channels kept of a head, even
     */
    public PartialKeys(DecoderShape shape, int chunksPerHead, int channels, int firstLayer) {
        headDim = shape.headDim();
        kvHeads = shape.kvHeads();
        this.chunksPerHead = chunksPerHead;
        this.channels = channels;
        this.firstLayer = firstLayer;
        int layers = Math.max(0, shape.layers() - firstLayer);
        keys = arena.allocate(Math.max(1, chunkBytes() * layers * kvHeads * chunksPerHead), 64);
        columns = new float[shape.layers()][kvHeads][channels][headDim];
        decoded = new float[kvHeads][headDim * ChunkLayout.TOKENS];
        projected = new float[kvHeads][ChunkLayout.TOKENS];
    }

    /** Bytes that a layer takes: keys, and the columns of its skews. */
    public static long layerBytes(DecoderShape shape, int chunksPerHead, int channels) {
        long keys = (long) chunksPerHead * channels * ChunkLayout.TOKENS * Short.BYTES;
        return shape.kvHeads() * (keys + (long) channels * shape.headDim() * Float.BYTES);
    }

    private long chunkBytes() {
        return (long) channels * ChunkLayout.TOKENS * Short.BYTES;
    }

    private long offset(int layer, int kvHead, int chunk) {
        return chunkBytes() * (((long) (layer - firstLayer) * kvHeads + kvHead) * chunksPerHead + chunk);
    }

    /** Channels that are kept. */
    public int channels() {
        return channels;
    }

    /**
     * Sets the skew of a head; its keys are to be put again.
     *
     * @param skew {@code [channels][headDim]}
     */
    public void skew(int layer, int kvHead, float[][] skew) {
        columns[layer][kvHead] = skew;
    }

    /**
     * Projects a chunk's keys.
     *
     * @param chunkMemory holds a chunk as {@link ChunkLayout} says, from {@code chunkOffset}
     */
    public void put(int layer, int kvHead, int chunk, MemorySegment chunkMemory, long chunkOffset) {
        int tokens = ChunkLayout.TOKENS;
        float[] key = decoded[kvHead];
        for (int i = 0; i < headDim * tokens; i++) {
            key[i] = Float.float16ToFloat(chunkMemory.get(FP16, chunkOffset + (long) i * Short.BYTES));
        }
        float[] sums = projected[kvHead];
        long at = offset(layer, kvHead, chunk);
        for (float[] column : columns[layer][kvHead]) {
            for (int t = 0; t < tokens; t++) {
                sums[t] = 0;
            }
            for (int j = 0; j < headDim; j++) {
                for (int t = 0; t < tokens; t++) {
                    sums[t] += column[j] * key[j * tokens + t];
                }
            }
            for (int t = 0; t < tokens; t++) {
                short half = Float.floatToFloat16(Math.clamp(sums[t], -LARGEST_FP16, LARGEST_FP16));
                keys.set(FP16, at + (long) t * Short.BYTES, half);
            }
            at += (long) tokens * Short.BYTES;
        }
    }

    /**
     * Projects a query.
     *
     * @param query {@code [headDim]} from {@code offset}
     * @param target receives {@code [channels]} from {@code targetOffset}
     */
    public void project(int layer, int kvHead, float[] query, int offset, float[] target, int targetOffset) {
        float[][] skew = columns[layer][kvHead];
        for (int c = 0; c < channels; c++) {
            float sum = 0;
            for (int j = 0; j < headDim; j++) {
                sum += skew[c][j] * query[offset + j];
            }
            target[targetOffset + c] = sum;
        }
    }

    /** Scores of projected queries {@code [group][channels]} over a head's first chunks, see {@link AttentionKernels#scores}. */
    public void scores(
            AttentionKernels kernels,
            int layer,
            int kvHead,
            int chunks,
            float[] queries,
            int group,
            float[] scores,
            int stride) {
        kernels.scores(channels, queries, 0, group, keys, offset(layer, kvHead, 0), chunks, scores, stride);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
