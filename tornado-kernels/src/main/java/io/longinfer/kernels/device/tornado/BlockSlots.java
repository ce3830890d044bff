package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.DecoderShape;

/**
 * The pool slots that a session keeps for itself: in each layer two open chunks of each sequence and KV head, of which one is
 * in use, and, shared by the layers, room for the chunks that a block fills. A segment goes on in its open chunk, fills chunks
 * of the room, and leaves what is over in an open chunk, the other one if the first is full then. So nothing is ever copied from
 * slot to slot. Not thread-safe.
 *
 * <pre>
 * open  [sequences][layers][2][kvHeads]
 * room  for each segment: [kvHeads][its chunks that begin and end in the block]
 * </pre>
 */
final class BlockSlots {
    private final int layers;
    private final int kvHeads;
    private final int firstOpen;
    private final int firstRoom;
    private final int slots;

    /** {@code [sequences]}: which of its two open chunks a sequence is in. */
    private final int[] current;

    /** The same after the block. */
    private final int[] next;

    /** {@code [segments]}: where a segment's share of the room begins, and how many chunks of each head it has. */
    private final int[] shares;

    private final int[] roomChunks;
    private Block block = new Block();

    /** Slots from {@code first} on. */
    BlockSlots(DecoderShape shape, int maxBlockTokens, int sequences, int first) {
        layers = shape.layers();
        kvHeads = shape.kvHeads();
        current = new int[sequences];
        next = new int[sequences];
        shares = new int[sequences];
        roomChunks = new int[sequences];
        firstOpen = first;
        int open = Math.multiplyExact(Math.multiplyExact(sequences, layers), 2 * kvHeads);
        firstRoom = Math.addExact(first, open);
        slots = Math.addExact(open, Math.multiplyExact(maxBlockTokens / ChunkLayout.TOKENS, kvHeads));
    }

    /** Slots of both kinds. */
    int slots() {
        return slots;
    }

    /** Makes room for a block. */
    void begin(Block block) {
        this.block = block;
        int share = firstRoom;
        for (int segment = 0; segment < block.segments(); segment++) {
            shares[segment] = share;
            int first = filled(segment) > 0 ? 1 : 0;
            roomChunks[segment] = Math.max(0, closed(segment) - first);
            share += roomChunks[segment] * kvHeads;
            next[block.sequence(segment)] = openAtEnd(segment);
        }
    }

    /** Ends the block, whose object may by now stand for the next one: what is left over is open from now on. */
    void end() {
        System.arraycopy(next, 0, current, 0, current.length);
    }

    /** Chunks that hold a segment and the open tokens before it, per KV head. */
    int chunks(int segment) {
        return Math.ceilDiv(filled(segment) + block.rows(segment), ChunkLayout.TOKENS);
    }

    /** Chunks that a segment fills, per KV head. */
    int closed(int segment) {
        return (filled(segment) + block.rows(segment)) / ChunkLayout.TOKENS;
    }

    /** Slot of KV head 0 of a segment's {@code chunk}, counted from the one it begins in. */
    int slot(int layer, int segment, int chunk) {
        if (chunk == 0 && filled(segment) > 0) {
            return open(layer, segment, current[block.sequence(segment)]);
        }
        if (chunk < closed(segment)) {
            return shares[segment] + chunk - (filled(segment) > 0 ? 1 : 0);
        }
        return open(layer, segment, openAtEnd(segment));
    }

    /** What to add to {@link #slot} for the next KV head. */
    int stride(int segment, int chunk) {
        boolean inRoom = chunk < closed(segment) && (chunk > 0 || filled(segment) == 0);
        return inRoom ? roomChunks[segment] : 1;
    }

    /** Tokens of a segment's open chunk before it. */
    int filled(int segment) {
        return block.position(segment) % ChunkLayout.TOKENS;
    }

    /** Which open chunk what a segment leaves over lies in. */
    private int openAtEnd(int segment) {
        int now = current[block.sequence(segment)];
        return filled(segment) > 0 && chunks(segment) > 1 ? 1 - now : now;
    }

    private int open(int layer, int segment, int which) {
        return firstOpen + ((block.sequence(segment) * layers + layer) * 2 + which) * kvHeads;
    }
}
