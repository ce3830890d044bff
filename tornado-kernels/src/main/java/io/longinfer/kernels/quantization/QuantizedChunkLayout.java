package io.longinfer.kernels.quantization;

import io.longinfer.kernels.attention.ChunkLayout;

/**
 * How a quantised chunk lies in memory: codes of 8 bits, their high halves apart from their low ones, so that what comes
 * before the low halves is the same chunk with codes of 4 bits.
 *
 * <pre>
 * prefix      parameters  [headDim + 16][2]   fp16: offset and step of each channel of the keys, then of each token of the values
 *             high        [32 headDim]        4 bits a code
 * refinement  low         [32 headDim]        4 bits a code
 * </pre>
 *
 * <p>Codes are in the order of {@link ChunkLayout}: keys {@code [headDim][16]}, then values {@code [16][headDim]}; byte i
 * holds code 2i in its low half and code 2i + 1 in its high half. A group is a row of either: a channel of the keys over
 * the chunk's 16 tokens (a few channels of keys are far larger than the others, at every token), a token of the values over
 * all channels (values have no such channels). All is little-endian.
 *
 * <p>A code c stands for {@code offset + step * c}, and its high half h alone for the middle of the codes that it may come
 * from, {@code offset + step * (16 h + 7.5)}. A group of equal numbers has step 0.
 *
 * @param chunk the chunk as it is in fp16
 */
public record QuantizedChunkLayout(ChunkLayout chunk) {
    /** Offset and step, in fp16. */
    static final int GROUP_BYTES = 2 * Short.BYTES;

    /** Bytes of the parameters of all groups. */
    public int parametersBytes() {
        return (chunk.headDim() + ChunkLayout.TOKENS) * GROUP_BYTES;
    }

    /** Bytes of the high halves of all codes, and of the low ones. */
    public int nibblesBytes() {
        return chunk.headDim() * ChunkLayout.TOKENS;
    }

    /** Bytes of what reads as codes of 4 bits; 1,344 for a head of 64. */
    public int prefixBytes() {
        return parametersBytes() + nibblesBytes();
    }

    /** Bytes of the whole; 2,368 for a head of 64. */
    public int sizeBytes() {
        return prefixBytes() + nibblesBytes();
    }

    /** Offset of the parameters of a group, in bytes: channels of the keys are groups 0 to headDim - 1, tokens follow. */
    int groupOffset(int group) {
        return group * GROUP_BYTES;
    }
}
