package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.TornadoKvKernels;
import io.longinfer.kernels.attention.TornadoPrefillAttention;
import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The pool of a session on the device, and what attention over it needs beside a block's own arrays.
 *
 * <p>The pool is one array of keys and one of values for all layers, as the scheduler places chunks over all layers: 8 GiB each
 * at most. Their twins in the host, which TornadoVM wants, receive what is read back and are otherwise never touched.
 */
final class KvArrays {
    /** Parts that a list of a decoding row is cut in; so many partial results are merged. */
    static final int SPLITS = 16;

    final int slots;

    /** Ints of a slot's keys, and of its values. */
    final int slotInts;

    /** {@code [slots][headDim][8]}, {@code [slots][16][headDim / 2]} from {@link Alignment#FIRST}. */
    final IntArray keys;

    final IntArray values;

    /** Entries that a table has room for. */
    final int entries;

    /** As {@link StepLayout} says; sent by the host. */
    final IntArray table;

    final int maxTiles;
    final int tileRows;
    final IntArray tiles;

    /** {@code [rows][heads][splits][2]}, {@code [rows][heads][splits][headDim]}: of decoding. */
    final FloatArray partialSoftmax;

    final FloatArray partials;

    /** {@code [entries][group][2]} */
    final FloatArray record;

    /**
     * Arrays for a session.
     *
     * @param entries of a table, those of the block itself included
     */
    KvArrays(DecoderShape shape, int slots, int entries, int decodeRows, int blockRows, int sequences, Graphs graphs) {
        this.slots = slots;
        this.entries = entries;
        slotInts = TornadoKvKernels.keysInts(shape.headDim());
        keys = graphs.allocated(new IntArray(poolInts(slots, slotInts)));
        values = graphs.allocated(new IntArray(poolInts(slots, slotInts)));
        table = new IntArray(EntryLists.tableInts(sequences, shape.kvHeads(), entries));
        table.init(0);
        tileRows = TornadoPrefillAttention.tileRows(shape.group(), shape.headDim());
        maxTiles = blockRows / tileRows + sequences;
        tiles = new IntArray(Math.multiplyExact(maxTiles, StepLayout.TILE_INTS));
        tiles.init(0);
        int splitRows = Math.multiplyExact(decodeRows, Math.multiplyExact(shape.heads(), SPLITS));
        partialSoftmax = graphs.allocated(new FloatArray(Math.multiplyExact(2, splitRows)));
        partials = graphs.allocated(Alignment.activations(splitRows, shape.headDim()));
        record = graphs.allocated(new FloatArray(Math.multiplyExact(entries, 2 * shape.group())));
    }

    private static int poolInts(int slots, int slotInts) {
        long ints = Alignment.FIRST + (long) slots * slotInts;
        if (ints > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(slots + " chunks of keys take " + ints
                    + " ints of a device array, which holds " + Integer.MAX_VALUE
                    + " at most; lower --device-budget");
        }
        return (int) ints;
    }
}
