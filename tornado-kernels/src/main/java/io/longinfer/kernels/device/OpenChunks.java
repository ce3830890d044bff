package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The newest keys and values of the sequences of a {@link CpuSession}: in each layer one open chunk per sequence and KV head,
 * and, shared by the layers, room for the chunks that a block of many tokens fills. A segment that fits into the open chunk
 * is stored there in place; a longer one is laid out in its share of the block's room, starting with a copy of the open
 * chunk, and what is left over at its end becomes the open chunk. Not thread-safe, but {@link #store} may run for different
 * heads and segments at once.
 *
 * <pre>
 * open   [sequences][layers][kvHeads] chunks
 * block  for each segment that is not in place: [kvHeads][chunks of the segment]
 * </pre>
 */
final class OpenChunks implements AutoCloseable {
    private static final ClosedChunks NONE = new ClosedChunks(0, 0, MemorySegment.NULL, 0);
    private static final long ALIGNMENT = 4096;

    private final ChunkLayout layout;
    private final AttentionKernels kernels;
    private final DecoderShape shape;
    private final int layers;
    private final int kvHeads;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment open;
    private final MemorySegment room;

    /** {@code [segments]}: where a segment's share of the room starts, in bytes. */
    private final long[] shares;

    private int layer;
    private Block block = new Block();

    OpenChunks(DecoderShape shape, AttentionKernels kernels, int maxBlockTokens, int sequences) {
        layout = new ChunkLayout(shape.headDim());
        this.kernels = kernels;
        this.shape = shape;
        layers = shape.layers();
        kvHeads = shape.kvHeads();
        shares = new long[sequences];
        open = arena.allocate((long) sequences * layers * kvHeads * layout.sizeBytes(), ALIGNMENT);
        // A segment takes up to fifteen open tokens along, and its last chunk may be as much short of full.
        long chunks = (maxBlockTokens + 2L * (ChunkLayout.TOKENS - 1) * sequences) / ChunkLayout.TOKENS;
        room = arena.allocate(kvHeads * chunks * layout.sizeBytes(), ALIGNMENT);
    }

    /** Makes room in {@code layer} for the block's tokens. */
    void begin(int layer, Block block) {
        this.layer = layer;
        this.block = block;
        long next = 0;
        for (int segment = 0; segment < block.segments(); segment++) {
            if (!inPlace(segment)) {
                shares[segment] = next;
                next += (long) kvHeads * chunks(segment) * layout.sizeBytes();
                if (filled(segment) > 0) {
                    for (int head = 0; head < kvHeads; head++) {
                        long to = roomOffset(segment, head);
                        MemorySegment.copy(open, openOffset(segment, head), room, to, layout.sizeBytes());
                    }
                }
            }
        }
    }

    /**
     * Stores a segment's keys and values of one head.
     *
     * @param keys {@code [rows of the block][stride]}, the head's from {@code offset}; {@code values} likewise
     */
    void store(int segment, int head, float[] keys, float[] values, int offset, int stride) {
        MemorySegment memory = memory(segment);
        long start = start(segment, head);
        int filled = filled(segment);
        int first = offset + block.firstRow(segment) * stride;
        for (int t = 0; t < block.rows(segment); t++) {
            int place = filled + t;
            long chunk = start + (long) (place / ChunkLayout.TOKENS) * layout.sizeBytes();
            int at = first + t * stride;
            kernels.store(layout, keys, at, values, at, memory, chunk, place % ChunkLayout.TOKENS);
        }
    }

    /** Makes what each segment leaves over the open chunk of its sequence. */
    void keepRest() {
        for (int segment = 0; segment < block.segments(); segment++) {
            if (!inPlace(segment) && (filled(segment) + block.rows(segment)) % ChunkLayout.TOKENS != 0) {
                long rest = (long) closed(segment) * layout.sizeBytes();
                for (int head = 0; head < kvHeads; head++) {
                    long from = roomOffset(segment, head) + rest;
                    MemorySegment.copy(room, from, open, openOffset(segment, head), layout.sizeBytes());
                }
            }
        }
    }

    /** Lists the chunks of one head that hold a segment and the open tokens before it. */
    void list(int segment, int head, ChunkList list) {
        list.reset(memory(segment), shape.window(layer));
        int first = block.position(segment) / ChunkLayout.TOKENS;
        int count = chunks(segment);
        long start = start(segment, head);
        for (int c = 0; c < count; c++) {
            list.add(start + (long) c * layout.sizeBytes(), (first + c) * ChunkLayout.TOKENS);
        }
    }

    ClosedChunks closedChunks(int segment) {
        if (closed(segment) == 0) {
            return NONE; // as most decoding steps have it, without an allocation
        }
        int heads = inPlace(segment) ? kvHeads : kvHeads * chunks(segment);
        MemorySegment chunks = memory(segment).asSlice(start(segment, 0), (long) heads * layout.sizeBytes());
        int first = block.position(segment) / ChunkLayout.TOKENS;
        return new ClosedChunks(first, closed(segment), chunks, chunks.byteSize() / kvHeads);
    }

    /** What a segment leaves open. */
    ClosedChunks openChunk(int segment) {
        if ((filled(segment) + block.rows(segment)) % ChunkLayout.TOKENS == 0) {
            return NONE;
        }
        MemorySegment chunks = open.asSlice(openOffset(segment, 0), (long) kvHeads * layout.sizeBytes());
        int first = (block.position(segment) + block.rows(segment)) / ChunkLayout.TOKENS;
        return new ClosedChunks(first, 1, chunks, layout.sizeBytes());
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

    private boolean inPlace(int segment) {
        return filled(segment) + block.rows(segment) <= ChunkLayout.TOKENS;
    }

    /** Tokens in the open chunk before the segment. */
    private int filled(int segment) {
        return block.position(segment) % ChunkLayout.TOKENS;
    }

    private int chunks(int segment) {
        return Math.ceilDiv(filled(segment) + block.rows(segment), ChunkLayout.TOKENS);
    }

    private int closed(int segment) {
        return (filled(segment) + block.rows(segment)) / ChunkLayout.TOKENS;
    }

    private MemorySegment memory(int segment) {
        return inPlace(segment) ? open : room;
    }

    private long start(int segment, int head) {
        return inPlace(segment) ? openOffset(segment, head) : roomOffset(segment, head);
    }

    private long openOffset(int segment, int head) {
        return (((long) block.sequence(segment) * layers + layer) * kvHeads + head) * layout.sizeBytes();
    }

    private long roomOffset(int segment, int head) {
        return shares[segment] + (long) head * chunks(segment) * layout.sizeBytes();
    }
}
