package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Writes what {@link StepLayout} describes into the arrays that are sent to the device. Not thread-safe. */
final class Steps {
    private final int kvHeads;
    private final KvArrays kv;
    private final BlockSlots slots;
    private final int[] table;
    private int[] rows = {};

    Steps(DecoderShape shape, KvArrays kv, BlockSlots slots) {
        kvHeads = shape.kvHeads();
        this.kv = kv;
        this.slots = slots;
        table = new int[kv.table.getSize()];
    }

    /** A block in a layer. */
    void begin(Block block, IntArray step, int layer) {
        step.set(StepLayout.LAYER, layer);
        step.set(StepLayout.ROWS, block.rows());
        step.set(StepLayout.SEGMENTS, block.segments());
        step.set(StepLayout.TILES, tiles(block));
        int ints = block.rows() * StepLayout.ROW_INTS;
        if (rows.length < ints) {
            rows = new int[ints];
        }
        for (int segment = 0; segment < block.segments(); segment++) {
            rows(block, segment, layer);
        }
        HostArrays.copy(rows, ints, step, StepLayout.FIRST_ROW);
    }

    private void rows(Block block, int segment, int layer) {
        for (int t = 0; t < block.rows(segment); t++) {
            int at = (block.firstRow(segment) + t) * StepLayout.ROW_INTS;
            int chunk = (slots.filled(segment) + t) / ChunkLayout.TOKENS;
            rows[at + StepLayout.POSITION] = block.position(segment) + t;
            rows[at + StepLayout.SEGMENT] = segment;
            rows[at + StepLayout.SLOT] = slots.slot(layer, segment, chunk);
            rows[at + StepLayout.STRIDE] = slots.stride(segment, chunk);
        }
    }

    /** Cuts the segments in tiles; returns how many. */
    private int tiles(Block block) {
        int tile = 0;
        for (int segment = 0; segment < block.segments(); segment++) {
            for (int t = 0; t < block.rows(segment); t += kv.tileRows) {
                int at = tile++ * StepLayout.TILE_INTS;
                kv.tiles.set(at, block.firstRow(segment) + t);
                kv.tiles.set(at + 1, Math.min(kv.tileRows, block.rows(segment) - t));
                kv.tiles.set(at + 2, segment);
            }
        }
        return tile;
    }

    /** Adds the chunks that hold the block and the open tokens before it. */
    void addBlock(Block block, int layer, EntryLists lists) {
        for (int segment = 0; segment < block.segments(); segment++) {
            int firstChunk = block.position(segment) / ChunkLayout.TOKENS;
            for (int chunk = 0; chunk < slots.chunks(segment); chunk++) {
                int slot = slots.slot(layer, segment, chunk);
                int stride = slots.stride(segment, chunk);
                for (int head = 0; head < kvHeads; head++) {
                    int position = (firstChunk + chunk) * ChunkLayout.TOKENS;
                    lists.add(segment, head, slot + head * stride, position, ChunkLayout.ALL_TOKENS);
                }
            }
        }
    }

    /** Lays the lists out. */
    void table(Block block, EntryLists lists) {
        HostArrays.copy(table, lists.table(block.segments(), table), kv.table, 0);
    }
}
