package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The newest keys and values of a {@link CpuSession}: in each layer one open chunk per KV head, and, shared by the layers,
 * room for the chunks that a block of many tokens fills. A block that fits into the open chunk is stored there in place; a
 * longer one is laid out in the block's room, starting with a copy of the open chunk, and what is left over at its end
 * becomes the open chunk. Not thread-safe, but {@link #store} may run for different heads at once.
 */
final class OpenChunks implements AutoCloseable {
    private static final long ALIGNMENT = 4096;

    private final ChunkLayout layout;
    private final AttentionKernels kernels;
    private final int kvHeads;
    private final int blockChunks;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment open;
    private final MemorySegment block;

    private int layer;
    private int position;
    private int tokens;

    OpenChunks(DecoderShape shape, AttentionKernels kernels, int maxBlockTokens) {
        layout = new ChunkLayout(shape.headDim());
        this.kernels = kernels;
        kvHeads = shape.kvHeads();
        blockChunks = chunks(ChunkLayout.TOKENS - 1 + maxBlockTokens);
        open = arena.allocate((long) shape.layers() * kvHeads * layout.sizeBytes(), ALIGNMENT);
        block = arena.allocate((long) kvHeads * blockChunks * layout.sizeBytes(), ALIGNMENT);
    }

    private static int chunks(int tokens) {
        return (tokens + ChunkLayout.TOKENS - 1) / ChunkLayout.TOKENS;
    }

    /** Makes room in {@code layer} for {@code tokens} tokens from {@code position}. */
    void begin(int layer, int position, int tokens) {
        this.layer = layer;
        this.position = position;
        this.tokens = tokens;
        if (!inPlace() && filled() > 0) {
            for (int head = 0; head < kvHeads; head++) {
                MemorySegment.copy(open, openOffset(head), block, blockOffset(head), layout.sizeBytes());
            }
        }
    }

    /** Stores the block's keys and values of one head, {@code [tokens][stride]} each, from {@code offset}. */
    void store(int head, float[] keys, float[] values, int offset, int stride) {
        MemorySegment memory = memory();
        long start = start(head);
        for (int t = 0; t < tokens; t++) {
            int place = filled() + t;
            long chunk = start + (long) (place / ChunkLayout.TOKENS) * layout.sizeBytes();
            int at = offset + t * stride;
            kernels.store(layout, keys, at, values, at, memory, chunk, place % ChunkLayout.TOKENS);
        }
    }

    /** Makes what the block leaves over the open chunk. */
    void keepRest() {
        if (!inPlace()) {
            long rest = (long) closed() * layout.sizeBytes();
            if ((filled() + tokens) % ChunkLayout.TOKENS != 0) {
                for (int head = 0; head < kvHeads; head++) {
                    MemorySegment.copy(block, blockOffset(head) + rest, open, openOffset(head), layout.sizeBytes());
                }
            }
        }
    }

    /** Lists the chunks of one head that hold the block and the open tokens before it. */
    void list(int head, ChunkList chunks) {
        chunks.reset(memory());
        int first = position / ChunkLayout.TOKENS;
        int count = chunks(filled() + tokens);
        for (int c = 0; c < count; c++) {
            chunks.add(start(head) + (long) c * layout.sizeBytes(), (first + c) * ChunkLayout.TOKENS);
        }
    }

    ClosedChunks closedChunks() {
        long stride = inPlace() ? layout.sizeBytes() : (long) blockChunks * layout.sizeBytes();
        MemorySegment from = inPlace() ? open.asSlice(openOffset(0), kvHeads * stride) : block;
        return new ClosedChunks(position / ChunkLayout.TOKENS, closed(), from, stride);
    }

    ChunkLayout layout() {
        return layout;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private boolean inPlace() {
        return filled() + tokens <= ChunkLayout.TOKENS;
    }

    private int filled() {
        return position % ChunkLayout.TOKENS;
    }

    private int closed() {
        return (filled() + tokens) / ChunkLayout.TOKENS;
    }

    private MemorySegment memory() {
        return inPlace() ? open : block;
    }

    private long start(int head) {
        return inPlace() ? openOffset(head) : blockOffset(head);
    }

    private long openOffset(int head) {
        return ((long) layer * kvHeads + head) * layout.sizeBytes();
    }

    private long blockOffset(int head) {
        return (long) head * blockChunks * layout.sizeBytes();
    }
}
