package io.longinfer.kernels.attention;

/**
 * How one chunk of one KV head lies in memory: {@link #TOKENS} consecutive tokens, keys first, both in little-endian fp16.
 *
 * <pre>
 * keys    [headDim][16]   channel-major: the scores of 16 tokens are computed side by side, with no horizontal sum
 * values  [16][headDim]   token-major
 * </pre>
 *
 * <p>A chunk is closed once it holds 16 tokens and never changes again. For a head of 64 it takes 4,096 bytes, one block
 * of direct I/O.
 *
 * @param headDim channels of a head, a multiple of 8
 */
public record ChunkLayout(int headDim) {
    /** Tokens of a leaf chunk (b in the paper). */
    public static final int TOKENS = 16;

    /** The mask of a chunk of which every token is attended: a bit each. */
    public static final int ALL_TOKENS = (1 << TOKENS) - 1;

    public ChunkLayout {
        if (headDim <= 0 || headDim % 8 != 0) {
            throw new IllegalArgumentException("a head has a positive multiple of 8 channels, not " + headDim);
        }
    }

    /** Bytes of a chunk's keys, and of its values. */
    public int keysBytes() {
        return headDim * TOKENS * Short.BYTES;
    }

    /** Bytes of a chunk. */
    public int sizeBytes() {
        return 2 * keysBytes();
    }

    /** Offset of the key of {@code token} in {@code channel}, in bytes from the chunk's start. */
    public int keyOffset(int channel, int token) {
        return (channel * TOKENS + token) * Short.BYTES;
    }

    /** Offset of the value of {@code token} in {@code channel}, in bytes from the chunk's start. */
    public int valueOffset(int token, int channel) {
        return keysBytes() + (token * headDim + channel) * Short.BYTES;
    }
}
