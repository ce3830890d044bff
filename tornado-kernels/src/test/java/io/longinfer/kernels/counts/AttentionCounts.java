package io.longinfer.kernels.counts;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.PoolFormat;
import io.longinfer.kernels.attention.TornadoDecodeAttention;
import io.longinfer.kernels.attention.TornadoKvKernels;
import io.longinfer.kernels.attention.TornadoMergeAttention;
import io.longinfer.kernels.attention.TornadoPrefillAttention;
import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Attention over a table of chunks, all of them 0, in an order that has nothing to do with their slots. */
final class AttentionCounts {
    private static final int TOKENS = 16;

    /** Chunks of 8,192 tokens, and of a ratio of 0.1 with sinks and the newest ones. */
    private static final int ALL = 512;

    private static final int SOME = 57;
    private static final int PREFILL_ROWS = 128;

    /** Chunks of the context of a prefill, those of its own rows included. */
    private static final int PREFILL_CHUNKS = 32;

    private static final int SPLITS = 16;

    private final CountTable table;
    private final ModelShape model;
    private final KernelContext context = new KernelContext();

    AttentionCounts(CountTable table, ModelShape model) {
        this.table = table;
        this.model = model;
    }

    void add() {
        decode(SOME, 1, PoolFormat.FP16, "fp16", 1);
        decode(SOME, 4, PoolFormat.FP16, "fp16", 1);
        decode(ALL, 1, PoolFormat.FP16, "fp16", 1);
        decode(ALL, 1, PoolFormat.FP16, "fp16, no shuffles", 0);
        decode(ALL, 1, PoolFormat.INT8, "int8", 1);
        decode(ALL, 1, PoolFormat.INT4, "int4", 1);
        merge(1);
        merge(4);
        prefill();
    }

    /** A block of rows: each a segment of its own, or all of one. */
    private final class Block {
        final int entries;
        final int segments;
        final IntArray step;
        final IntArray list;
        final IntArray windows = new IntArray(1);
        final FloatArray queries;
        final FloatArray softmax;
        final FloatArray accumulators;
        final FloatArray attended;

        Block(int rows, int entries, boolean oneSegment) {
            this.entries = entries;
            segments = oneSegment ? 1 : rows;
            step = new IntArray(StepLayout.FIRST_ROW + rows * StepLayout.ROW_INTS);
            step.init(0);
            step.set(StepLayout.ROWS, rows);
            step.set(StepLayout.SEGMENTS, segments);
            for (int row = 0; row < rows; row++) {
                int at = StepLayout.FIRST_ROW + row * StepLayout.ROW_INTS;
                int last = entries * TOKENS - 1;
                step.set(at + StepLayout.POSITION, oneSegment ? last - rows + 1 + row : last);
                step.set(at + StepLayout.SEGMENT, oneSegment ? 0 : row);
            }
            list = lists();
            windows.set(0, Integer.MAX_VALUE);
            queries = zeros(Alignment.activations(rows, model.heads() * model.headDim()));
            softmax = zeros(new FloatArray(2 * rows * model.heads()));
            accumulators = zeros(new FloatArray(queries.getSize()));
            attended = zeros(new FloatArray(queries.getSize()));
        }

        private IntArray lists() {
            int lists = segments * model.kvHeads();
            IntArray made = new IntArray(StepLayout.ENTRY_INTS * (lists + slots()));
            for (int l = 0; l < lists; l++) {
                int first = StepLayout.ENTRY_INTS * (lists + l * entries);
                made.set(StepLayout.ENTRY_INTS * l, first);
                made.set(StepLayout.ENTRY_INTS * l + 1, entries);
                made.set(StepLayout.ENTRY_INTS * l + 2, 0);
                for (int e = 0; e < entries; e++) {
                    // 7919 is a prime, so this takes each slot once.
                    int at = first + StepLayout.ENTRY_INTS * e;
                    made.set(at, (int) ((l * (long) entries + e) * 7919 % slots()));
                    made.set(at + 1, e * TOKENS);
                    made.set(at + 2, ChunkLayout.ALL_TOKENS);
                }
            }
            return made;
        }

        int slots() {
            return segments * model.kvHeads() * entries;
        }

        IntArray pool(int format) {
            IntArray pool = new IntArray(Alignment.FIRST + slots() * PoolFormat.slotInts(model.headDim(), format));
            pool.init(0);
            return pool;
        }
    }

    private static FloatArray zeros(FloatArray array) {
        array.init(0);
        return array;
    }

    private String shape(int chunks, int rows, String name) {
        return model.name() + " " + name + ", " + chunks + " chunks, " + rows + (rows == 1 ? " row" : " rows");
    }

    private void decode(int entries, int rows, int format, String name, int shuffles) {
        String shape = shape(entries, rows, name);
        if (!table.wants("decode", shape)) {
            return;
        }
        Block b = new Block(rows, entries, false);
        IntArray keys = b.pool(format);
        IntArray values = format == PoolFormat.FP16 ? b.pool(format) : keys;
        int splitRows = rows * model.heads() * SPLITS;
        FloatArray partialSoftmax = new FloatArray(2 * splitRows);
        FloatArray partials = Alignment.activations(splitRows, model.headDim());
        FloatArray record = new FloatArray(2);
        int slotInts = PoolFormat.slotInts(model.headDim(), format);
        long chunks = (long) rows * model.kvHeads() * entries;
        long groups = (long) rows * model.kvHeads() * SPLITS;
        Traffic traffic = new Traffic()
                .floor((format == PoolFormat.FP16 ? 8L : 4L) * chunks * slotInts)
                .floor(4L * rows * model.heads() * model.headDim())
                .floor(4L * splitRows * (model.headDim() + 2))
                .runs(groups, (long) model.group() * model.headDim())
                .runs(splitRows, model.headDim());
        if (format == PoolFormat.FP16) {
            traffic.runs(2 * chunks, slotInts);
        }
        table.add(
                "decode",
                shape,
                traffic,
                KernelRun.of()
                        .in(b.step, b.list, b.windows, b.queries, keys)
                        .in(format == PoolFormat.FP16 ? new Object[] {values} : new Object[0])
                        .task(
                                "decode",
                                TornadoDecodeAttention.grid(
                                        model.kvHeads(), model.group(), model.headDim(), SPLITS, rows),
                                graph -> graph.task(
                                        "decode",
                                        TornadoDecodeAttention::decode,
                                        context,
                                        b.step,
                                        b.list,
                                        b.windows,
                                        b.queries,
                                        keys,
                                        values,
                                        partialSoftmax,
                                        partials,
                                        record,
                                        Alignment.FIRST,
                                        model.kvHeads(),
                                        model.group(),
                                        model.headDim(),
                                        SPLITS,
                                        format,
                                        shuffles))
                        .out(partialSoftmax, partials));
    }

    private void merge(int rows) {
        String shape = model.name() + " " + SPLITS + " splits, " + rows + (rows == 1 ? " row" : " rows");
        if (!table.wants("merge", shape)) {
            return;
        }
        Block b = new Block(rows, 1, false);
        int rowHeads = rows * model.heads();
        FloatArray partialSoftmax = zeros(new FloatArray(2 * rowHeads * SPLITS));
        FloatArray partials = zeros(Alignment.activations(rowHeads * SPLITS, model.headDim()));
        table.add(
                "merge",
                shape,
                new Traffic()
                        .floor(4L * rowHeads * (SPLITS * (model.headDim() + 2L) + 3L * model.headDim() + 4))
                        .runs((SPLITS + 3L) * rowHeads, model.headDim())
                        .requests(2L * rowHeads, SPLITS / 8),
                KernelRun.of()
                        .in(b.step, partialSoftmax, partials, b.softmax, b.accumulators)
                        .task(
                                "merge",
                                TornadoMergeAttention.grid(model.heads(), rows),
                                graph -> graph.task(
                                        "merge",
                                        TornadoMergeAttention::merge,
                                        context,
                                        b.step,
                                        partialSoftmax,
                                        partials,
                                        b.softmax,
                                        b.accumulators,
                                        b.attended,
                                        Alignment.FIRST,
                                        model.heads(),
                                        model.headDim(),
                                        SPLITS))
                        .out(b.softmax, b.accumulators, b.attended));
    }

    private void prefill() {
        String shape = shape(PREFILL_CHUNKS, PREFILL_ROWS, "fp16");
        if (!table.wants("prefill", shape)) {
            return;
        }
        Block b = new Block(PREFILL_ROWS, PREFILL_CHUNKS, true);
        IntArray keys = b.pool(PoolFormat.FP16);
        IntArray values = b.pool(PoolFormat.FP16);
        int most = TornadoPrefillAttention.tileRows(model.group(), model.headDim());
        int count = Math.ceilDiv(PREFILL_ROWS, most);
        IntArray tiles = new IntArray(count * StepLayout.TILE_INTS);
        b.step.set(StepLayout.TILES, count);
        long chunks = 0;
        for (int t = 0; t < count; t++) {
            int rows = Math.min(most, PREFILL_ROWS - t * most);
            tiles.set(t * StepLayout.TILE_INTS, t * most);
            tiles.set(t * StepLayout.TILE_INTS + 1, rows);
            tiles.set(t * StepLayout.TILE_INTS + 2, 0);
            // Chunks go in pairs, those that all of the tile's rows are before left out.
            int tokens = PREFILL_CHUNKS * TOKENS - PREFILL_ROWS + t * most + rows;
            chunks += 2L * Math.ceilDiv(tokens, 2 * TOKENS) * model.kvHeads();
        }
        long rowHeads = (long) PREFILL_ROWS * model.heads();
        Traffic traffic = new Traffic()
                .floor(8L * b.slots() * TornadoKvKernels.keysInts(model.headDim()))
                .floor(4L * rowHeads * (4L * model.headDim() + 4))
                .runs(2 * chunks, TornadoKvKernels.keysInts(model.headDim()))
                .runs(4 * rowHeads, model.headDim());
        table.add(
                "prefill",
                shape,
                traffic,
                KernelRun.of()
                        .in(b.step, b.list, tiles, b.windows, b.queries, keys, values, b.softmax, b.accumulators)
                        .task(
                                "prefill",
                                TornadoPrefillAttention.grid(model.kvHeads(), model.headDim(), count),
                                graph -> graph.task(
                                        "prefill",
                                        TornadoPrefillAttention::prefill,
                                        context,
                                        b.step,
                                        b.list,
                                        tiles,
                                        b.windows,
                                        b.queries,
                                        keys,
                                        values,
                                        b.softmax,
                                        b.accumulators,
                                        b.attended,
                                        Alignment.FIRST,
                                        model.kvHeads(),
                                        model.group(),
                                        model.headDim()))
                        .out(b.softmax, b.accumulators, b.attended));
    }
}
