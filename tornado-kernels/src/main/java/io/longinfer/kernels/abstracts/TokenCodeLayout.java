package io.longinfer.kernels.abstracts;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Two bits of each element of a chunk's keys: in which quarter of the chunk's box, channel by channel, it lies. With the box they
 * tell tokens apart, which a box alone cannot, at a sixteenth of the KV's bytes.
 *
 * <pre>
 * group:  [16 chunks][headDim] words of 32 bits, little-endian; bits 2t and 2t + 1 are the quarter of token t, from 0
 * key is taken for  minimum + (quarter + 1/2) (maximum - minimum) / 4
 * </pre>
 *
 * @param headDim channels of a head, a multiple of 8
 */
public record TokenCodeLayout(int headDim) {
    /** Quarters of a box. */
    static final int QUARTERS = 4;

    static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public TokenCodeLayout {
        if (headDim <= 0 || headDim % 8 != 0) {
            throw new IllegalArgumentException("a head has a positive multiple of 8 channels, not " + headDim);
        }
    }

    /** Bytes of the codes of one chunk. */
    public int chunkBytes() {
        return headDim * Integer.BYTES;
    }

    /** Bytes of the codes of a group of 16 chunks. */
    public int groupBytes() {
        return AbstractLayout.CHUNKS * chunkBytes();
    }

    /**
     * Writes the codes of a closed chunk.
     *
     * @param chunk keys of the chunk from {@code chunkOffset}, as {@link ChunkLayout} says, all finite
     * @param group the group's memory from {@code groupOffset}
     * @param index place of the chunk in its group, 0 to 15
     */
    public void encode(MemorySegment chunk, long chunkOffset, MemorySegment group, long groupOffset, int index) {
        ChunkLayout layout = new ChunkLayout(headDim);
        float[] keys = new float[ChunkLayout.TOKENS];
        long to = groupOffset + (long) index * chunkBytes();
        for (int j = 0; j < headDim; j++) {
            float min = Float.POSITIVE_INFINITY;
            float max = Float.NEGATIVE_INFINITY;
            for (int t = 0; t < keys.length; t++) {
                keys[t] = Float.float16ToFloat(chunk.get(FP16, chunkOffset + layout.keyOffset(j, t)));
                min = Math.min(min, keys[t]);
                max = Math.max(max, keys[t]);
            }
            float scale = max > min ? QUARTERS / (max - min) : 0;
            int word = 0;
            for (int t = 0; t < keys.length; t++) {
                word |= Math.min(QUARTERS - 1, (int) ((keys[t] - min) * scale)) << (2 * t);
            }
            group.set(WORD, to + (long) j * Integer.BYTES, word);
        }
    }
}
