package io.longinfer.kernels.device;

/**
 * Where a kernel finds what changes from execution to execution: in one int array, the <i>step</i>, as TornadoVM compiles int
 * parameters in. And how the lists lie that tell attention what to read.
 *
 * <pre>
 * step      [LAYER] [ROWS] [SEGMENTS] ... then for each row from {@link #FIRST_ROW}, {@link #ROW_INTS} ints:
 *             [POSITION]   the row's position in its sequence
 *             [SEGMENT]    its segment
 *             [SLOT]       the pool slot that its key and value of KV head 0 go to
 *             [STRIDE]     what to add to it for the next KV head
 * table     for each list (segment * kvHeads + head), 3 ints: index in table of its first entry, number of entries, nothing;
 *           an entry is 3 ints: pool slot, position of the chunk's first token, mask of the tokens that decoding sees
 * tiles     for each tile of rows of a prefill, 3 ints: first row, rows (consecutive ones), segment
 * </pre>
 *
 * <p>A query at position p attends a key at position k if {@code p - window < k <= p} (and, of a segment of one token, if bit
 * {@code k % 16} of the mask is set): so chunks that are not full and those of
 * the block itself are entries like others.
 */
public final class StepLayout {
    /** The layer at hand. */
    public static final int LAYER = 0;

    /** Rows of the block. */
    public static final int ROWS = 1;

    /** Segments of the block. */
    public static final int SEGMENTS = 2;

    /** Chunks in the staging array. */
    public static final int STAGED = 3;

    /** Tiles of rows of a prefill. */
    public static final int TILES = 4;

    /** Not 0 if attention says what each entry weighs. */
    public static final int RECORD = 5;

    /** Number of the first entry of this table among all that say what they weigh. */
    public static final int FIRST_RECORD = 6;

    /** First row of the block whose logits are asked for. */
    public static final int LOGITS_ROW = 7;

    /** How many rows of logits. */
    public static final int LOGITS_ROWS = 8;

    /** Not 0 if this execution is the first of the layer that attends: the running state holds nothing yet. */
    public static final int FRESH = 9;

    /** Where the rows begin. */
    public static final int FIRST_ROW = 16;

    /** Ints of a row. */
    public static final int ROW_INTS = 4;

    /** A row's position in its sequence. */
    public static final int POSITION = 0;

    /** A row's segment. */
    public static final int SEGMENT = 1;

    /** The slot of a row's chunk of KV head 0. */
    public static final int SLOT = 2;

    /** From one KV head's slot to the next one's. */
    public static final int STRIDE = 3;

    /** Ints of a list's head, of an entry. */
    public static final int ENTRY_INTS = 3;

    /** Ints of a tile. */
    public static final int TILE_INTS = 3;

    private StepLayout() {}
}
