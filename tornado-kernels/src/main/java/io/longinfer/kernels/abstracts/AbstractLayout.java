package io.longinfer.kernels.abstracts;

/**
 * How abstracts of consecutive chunks of one KV head lie in memory: in groups of {@link #CHUNKS}, so that one block serves
 * 256 tokens and 16 chunks are scored side by side.
 *
 * <pre>
 * group:  minima [headDim][16 chunks]  maxima [headDim][16 chunks]   little-endian fp16
 * </pre>
 *
 * <p>A group of a head of 64 takes 4,096 bytes, one block of direct I/O. Keys are stored in fp16, so their minimum and
 * maximum are exact in fp16; entries of chunks that do not exist yet are zero.
 *
 * @param headDim channels of a head, a multiple of 8
 */
public record AbstractLayout(int headDim) {
    /** Chunks of a group. */
    public static final int CHUNKS = 16;

    public AbstractLayout {
        if (headDim <= 0 || headDim % 8 != 0) {
            throw new IllegalArgumentException("a head has a positive multiple of 8 channels, not " + headDim);
        }
    }

    /** Bytes of one group. */
    public int groupBytes() {
        return 2 * headDim * CHUNKS * Short.BYTES;
    }

    /** Groups that hold {@code chunks} chunks. */
    public static int groups(int chunks) {
        return (chunks + CHUNKS - 1) / CHUNKS;
    }

    /** Offset of the minimum of {@code channel} of the chunk at {@code index} within a group, in bytes. */
    public int minOffset(int channel, int index) {
        return (channel * CHUNKS + index) * Short.BYTES;
    }

    /** Offset of the maximum of {@code channel} of the chunk at {@code index} within a group, in bytes. */
    public int maxOffset(int channel, int index) {
        return headDim * CHUNKS * Short.BYTES + minOffset(channel, index);
    }
}
