package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.ClosedChunks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies chunks from the pool to the host. {@link #read} may be called by several threads. */
final class PoolReader {
    private static final ClosedChunks NONE = new ClosedChunks(0, 0, MemorySegment.NULL, 0);

    private final DecoderGraphs graphs;
    private final ChunkLayout layout;
    private final int kvHeads;

    /** Room for the chunks that a block closes in a layer. */
    private final MemorySegment closed;

    PoolReader(DecoderGraphs graphs, ChunkLayout layout, int maxRows, int sequences, int kvHeads) {
        this.graphs = graphs;
        this.layout = layout;
        this.kvHeads = kvHeads;
        long chunks = (long) kvHeads * (maxRows / ChunkLayout.TOKENS + sequences);
        closed = Arena.ofAuto().allocate(chunks * layout.sizeBytes(), Long.BYTES);
    }

    /** Copies a slot's chunk. */
    void read(int slot, MemorySegment target, long offset) {
        synchronized (graphs.graphs) {
            fetch(slot, 1);
            take(slot, target, offset);
        }
    }

    /** The chunks that a segment filled in a layer. */
    ClosedChunks closedChunks(Block block, int segment, int layer, BlockSlots slots) {
        int count = slots.closed(segment);
        if (count == 0) {
            return NONE;
        }
        long first = 0;
        for (int before = 0; before < segment; before++) {
            first += (long) slots.closed(before) * kvHeads * layout.sizeBytes();
        }
        long headBytes = (long) count * layout.sizeBytes();
        synchronized (graphs.graphs) {
            int chunk = 0;
            while (chunk < count) {
                int slot = slots.slot(layer, segment, chunk);
                // As many chunks of a head lie side by side as there are slots to the next head.
                int stride = slots.stride(segment, chunk);
                fetch(slot, kvHeads * stride);
                for (int head = 0; head < kvHeads; head++) {
                    for (int c = 0; c < stride; c++) {
                        long to = first + head * headBytes + (long) (chunk + c) * layout.sizeBytes();
                        take(slot + head * stride + c, closed, to);
                    }
                }
                chunk += stride;
            }
        }
        return new ClosedChunks(
                block.position(segment) / ChunkLayout.TOKENS,
                count,
                closed.asSlice(first, headBytes * kvHeads),
                headBytes);
    }

    /** Brings slots to the host's twins of the pool. */
    private void fetch(int slot, int count) {
        int ints = graphs.kv.slotInts;
        long from = Alignment.FIRST + (long) slot * ints;
        graphs.graphs.read(graphs.kv.keys, from, (long) count * ints);
        graphs.graphs.read(graphs.kv.values, from, (long) count * ints);
    }

    private void take(int slot, MemorySegment target, long offset) {
        copy(graphs.kv.keys, slot, target, offset);
        copy(graphs.kv.values, slot, target, offset + layout.keysBytes());
    }

    private void copy(IntArray array, int slot, MemorySegment target, long offset) {
        long from = (Alignment.FIRST + (long) slot * graphs.kv.slotInts) * Integer.BYTES;
        MemorySegment.copy(array.getSegment(), from, target, offset, layout.keysBytes());
    }
}
