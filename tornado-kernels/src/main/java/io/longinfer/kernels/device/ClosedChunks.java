package io.longinfer.kernels.device;

import java.lang.foreign.MemorySegment;

/**
 * Chunks of one layer that the last block of tokens filled, in host memory: {@code [kvHeads][count]} chunks, those of a
 * head contiguous and in order, head {@code h} from {@code h * headStrideBytes}. Valid until the session's next {@code
 * project}.
 *
 * @param first index of the first chunk; its first token stands at position {@code 16 * first}
 * @param count chunks per head, possibly 0
 * @param memory aligned to 4,096 bytes at its start
 */
public record ClosedChunks(int first, int count, MemorySegment memory, long headStrideBytes) {}
