package io.longinfer.kernels.attention;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device kernels that write keys and values into the pool, of which a slot holds one chunk of one KV head:
 *
 * <pre>
 * keys    from first + slot * 8 headDim   [headDim][8]           two tokens an int
 * values  from first + slot * 8 headDim   [16][headDim / 2]      two channels an int
 * </pre>
 *
 * <p>Both are halves packed as {@link PackedHalves} says, and so, int for int, what {@link ChunkLayout} lays in bytes. {@code
 * first} is a constant that brings the first slot to a multiple of 32 bytes behind the array's header.
 */
public final class TornadoKvKernels {
    /** Work-items of a group, of every kernel here. */
    public static final int LOCAL_SIZE = 128;

    /** Tokens of two keys that share an int, of a chunk. */
    private static final int PAIRS = ChunkLayout.TOKENS / 2;

    private TornadoKvKernels() {}

    /** Ints of the keys of a chunk in the pool, and of its values. */
    public static int keysInts(int headDim) {
        return headDim * PAIRS;
    }

    /**
     * Stores the keys and values of a block's rows, rounded to nearest even, in the slots that {@code step} names. An int of two
     * keys is written by the item of its even position, with both keys if the next row is of the same segment and with a 0
     * otherwise; by the one of its odd position only if that is the segment's first, which keeps the other half. So no two
     * items touch one int.
     *
     * @param newKeys {@code [rows][kvWidth]} from {@code first}, after RoPE
     * @param newValues {@code [rows][kvWidth]} from {@code first}
     * @param kvWidth KV heads times {@code headDim}
     */
    public static void append(
            KernelContext context,
            IntArray step,
            FloatArray newKeys,
            FloatArray newValues,
            IntArray keys,
            IntArray values,
            int first,
            int kvWidth,
            int headDim) {
        int channel = context.globalIdx;
        int row = context.globalIdy;
        int rows = step.get(StepLayout.ROWS);
        if (row < rows && channel < kvWidth) {
            int at = StepLayout.FIRST_ROW + row * StepLayout.ROW_INTS;
            int token = step.get(at + StepLayout.POSITION) & (ChunkLayout.TOKENS - 1);
            int segment = step.get(at + StepLayout.SEGMENT);
            int slot = step.get(at + StepLayout.SLOT);
            int stride = step.get(at + StepLayout.STRIDE);
            int head = channel / headDim;
            int pair = first + ((slot + head * stride) * headDim + channel - head * headDim) * PAIRS + (token >>> 1);
            float key = newKeys.get(first + row * kvWidth + channel);
            if ((token & 1) == 0) {
                float next = 0f;
                if (row + 1 < rows) {
                    if (step.get(at + StepLayout.ROW_INTS + StepLayout.SEGMENT) == segment) {
                        next = newKeys.get(first + (row + 1) * kvWidth + channel);
                    }
                }
                keys.set(pair, PackedHalves.pack(key, next));
            } else {
                int before = -1;
                if (row > 0) {
                    before = step.get(at - StepLayout.ROW_INTS + StepLayout.SEGMENT);
                }
                if (before != segment) {
                    keys.set(pair, (keys.get(pair) & 0xffff) | (PackedHalves.bits(key) << 16));
                }
            }
            if (channel < kvWidth / 2) {
                int low = 2 * channel;
                int valueHead = low / headDim;
                int start = first + (slot + valueHead * stride) * headDim * PAIRS + token * (headDim / 2);
                float even = newValues.get(first + row * kvWidth + low);
                float odd = newValues.get(first + row * kvWidth + low + 1);
                values.set(start + (low - valueHead * headDim) / 2, PackedHalves.pack(even, odd));
            }
        }
    }

    /** The grid of {@link #append}: channels, then rows. */
    public static WorkerGrid appendGrid(int kvWidth, int maxRows) {
        WorkerGrid grid = new WorkerGrid2D(Math.ceilDiv(kvWidth, LOCAL_SIZE) * LOCAL_SIZE, maxRows);
        grid.setLocalWork(LOCAL_SIZE, 1, 1);
        return grid;
    }

    /** Sets all {@code size} elements of an array to 0. */
    public static void fill(KernelContext context, IntArray array, int size) {
        for (int i = context.globalIdx - FILL_SHIFT; i < size; i += FILL_ITEMS) {
            if (i >= 0) {
                array.set(i, 0);
            }
        }
    }

    private static final int FILL_ITEMS = 1024 * LOCAL_SIZE;

    /** Items that have no first element, so that a warp's elements begin with a sector. */
    private static final int FILL_SHIFT = (Alignment.SECTOR_INTS - Alignment.FIRST) % Alignment.SECTOR_INTS;

    /** The grid of {@link #fill}, whatever the size. */
    public static WorkerGrid fillGrid() {
        return grid(FILL_ITEMS / LOCAL_SIZE);
    }

    /**
     * Copies staged chunks to their slots, {@code step[STAGED]} of them.
     *
     * @param slots {@code [staged]}: where each goes
     * @param staged {@code [staged][2][8 headDim]} from {@code first}: keys and values as they lie in the pool
     */
    public static void scatter(
            KernelContext context,
            IntArray step,
            IntArray slots,
            IntArray staged,
            IntArray keys,
            IntArray values,
            int first,
            int headDim) {
        int chunk = context.groupIdx;
        int ints = headDim * PAIRS;
        if (chunk < step.get(StepLayout.STAGED)) {
            int from = first + chunk * 2 * ints;
            int to = first + slots.get(chunk) * ints;
            for (int i = context.localIdx; i < ints; i += LOCAL_SIZE) {
                int key = staged.get(from + i);
                int value = staged.get(from + ints + i);
                keys.set(to + i, key);
                values.set(to + i, value);
            }
        }
    }

    /**
     * Copies staged chunks to their slots of a pool that is one array, such as one of quantised chunks.
     *
     * @param slots {@code [staged]}: where each goes
     * @param staged {@code [staged][chunkInts]} from {@code first}
     * @param pool {@code [slots][chunkInts]} from {@code first}
     */
    public static void scatterWhole(
            KernelContext context,
            IntArray step,
            IntArray slots,
            IntArray staged,
            IntArray pool,
            int first,
            int chunkInts) {
        int chunk = context.groupIdx;
        if (chunk < step.get(StepLayout.STAGED)) {
            int from = first + chunk * chunkInts;
            int to = first + slots.get(chunk) * chunkInts;
            for (int i = context.localIdx; i < chunkInts; i += LOCAL_SIZE) {
                pool.set(to + i, staged.get(from + i));
            }
        }
    }

    /** The grid of {@link #scatter} and {@link #scatterWhole}: a group a chunk. */
    public static WorkerGrid scatterGrid(int maxStaged) {
        return grid(maxStaged);
    }

    private static WorkerGrid grid(int groups) {
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(groups, LOCAL_SIZE));
        grid.setLocalWork(LOCAL_SIZE, 1, 1);
        return grid;
    }
}
