package io.longinfer.kernels.device;

import java.lang.foreign.MemorySegment;

/**
 * Chunks of one layer that a segment of the last block filled, in host memory: {@code [kvHeads][count]} chunks, those of a
 * head contiguous and in order, head {@code h} from {@code h * headStrideBytes}. Valid until the session's next {@code
 * project}.
 *
 * @param first index of the first chunk; its first token stands at position {@code 16 * first}; meaningless if there is none
 * @param count chunks per head, possibly 0
 */
public record ClosedChunks(int first, int count, MemorySegment memory, long headStrideBytes) {}
