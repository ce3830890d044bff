package io.longinfer.kernels.counts;

import io.longinfer.kernels.abstracts.TornadoAbstracts;
import io.longinfer.kernels.abstracts.TornadoBounds;
import io.longinfer.kernels.attention.TornadoKvKernels;
import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.TornadoQuantization;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What is done with chunks but attention: append, scatter, quantise, make abstracts of them and bounds of scores. */
final class ChunkCounts {
    private static final int TOKENS = 16;
    private static final int CHUNKS = 64;

    /** Groups of 16 chunks of 8,192 tokens. */
    private static final int GROUPS = 32;

    private static final int FILLED = 1 << 20;

    private final CountTable table;
    private final ModelShape model;
    private final int headDim;

    /** Ints of a chunk's keys, and of its values. */
    private final int keysInts;

    private final KernelContext context = new KernelContext();

    ChunkCounts(CountTable table, ModelShape model) {
        this.table = table;
        this.model = model;
        headDim = model.headDim();
        keysInts = TornadoKvKernels.keysInts(headDim);
    }

    void add() {
        append(1);
        append(128);
        scatter();
        if (model.equals(ModelShape.SMOLLM2)) {
            fill();
        }
        for (int refined = 1; refined >= 0; refined--) {
            quantize(refined);
            dequantize(refined);
        }
        update();
        encode();
        bounds(TornadoBounds.FP16, "fp16");
        bounds(TornadoBounds.INT8, "int8");
    }

    private static IntArray zeros(int size) {
        IntArray made = new IntArray(size);
        made.init(0);
        return made;
    }

    private void append(int rows) {
        int slots = model.kvHeads() * Math.ceilDiv(rows, TOKENS);
        IntArray step = zeros(StepLayout.FIRST_ROW + rows * StepLayout.ROW_INTS);
        step.set(StepLayout.ROWS, rows);
        for (int row = 0; row < rows; row++) {
            int at = StepLayout.FIRST_ROW + row * StepLayout.ROW_INTS;
            step.set(at + StepLayout.POSITION, row);
            step.set(at + StepLayout.SLOT, row / TOKENS);
            step.set(at + StepLayout.STRIDE, Math.ceilDiv(rows, TOKENS));
        }
        FloatArray newKeys = Alignment.activations(rows, model.kvWidth());
        FloatArray newValues = Alignment.activations(rows, model.kvWidth());
        newKeys.init(0);
        newValues.init(0);
        IntArray keys = zeros(Alignment.FIRST + slots * keysInts);
        IntArray values = zeros(Alignment.FIRST + slots * keysInts);
        int words = model.kvWidth();
        int pairs = Math.ceilDiv(rows, 2);
        table.add(
                "append",
                model.name() + (rows == 1 ? " 1 row" : " " + rows + " rows"),
                new Traffic()
                        .floor(8L * rows * words + 4L * pairs * words + 2L * rows * words)
                        .runs(rows, words)
                        .runs(rows / 2, words)
                        .runs(pairs, words)
                        .runs(2L * rows, words / 2, 1)
                        .runs(rows, words / 2),
                KernelRun.of()
                        .in(step, newKeys, newValues, keys, values)
                        .task(
                                "append",
                                TornadoKvKernels.appendGrid(words, rows),
                                graph -> graph.task(
                                        "append",
                                        TornadoKvKernels::append,
                                        context,
                                        step,
                                        newKeys,
                                        newValues,
                                        keys,
                                        values,
                                        Alignment.FIRST,
                                        words,
                                        headDim))
                        .out(keys, values));
    }

    private void scatter() {
        IntArray step = zeros(StepLayout.FIRST_ROW);
        step.set(StepLayout.STAGED, CHUNKS);
        IntArray slots = zeros(CHUNKS);
        for (int c = 0; c < CHUNKS; c++) {
            slots.set(c, CHUNKS - 1 - c);
        }
        IntArray staged = zeros(Alignment.FIRST + CHUNKS * 2 * keysInts);
        IntArray keys = zeros(Alignment.FIRST + CHUNKS * keysInts);
        IntArray values = zeros(Alignment.FIRST + CHUNKS * keysInts);
        table.add(
                "scatter",
                model.name() + " " + CHUNKS + " chunks",
                new Traffic().floor(16L * CHUNKS * keysInts).runs(4 * CHUNKS, keysInts),
                KernelRun.of()
                        .in(step, slots, staged, keys, values)
                        .task(
                                "scatter",
                                TornadoKvKernels.scatterGrid(CHUNKS),
                                graph -> graph.task(
                                        "scatter",
                                        TornadoKvKernels::scatter,
                                        context,
                                        step,
                                        slots,
                                        staged,
                                        keys,
                                        values,
                                        Alignment.FIRST,
                                        headDim))
                        .out(keys, values));
        int chunkInts = TornadoQuantization.refinedInts(headDim);
        IntArray whole = zeros(Alignment.FIRST + CHUNKS * chunkInts);
        IntArray pool = zeros(Alignment.FIRST + CHUNKS * chunkInts);
        table.add(
                "scatterWhole",
                model.name() + " " + CHUNKS + " int8 chunks",
                new Traffic().floor(8L * CHUNKS * chunkInts).runs(2 * CHUNKS, chunkInts),
                KernelRun.of()
                        .in(step, slots, whole, pool)
                        .task(
                                "scatter",
                                TornadoKvKernels.scatterGrid(CHUNKS),
                                graph -> graph.task(
                                        "scatter",
                                        TornadoKvKernels::scatterWhole,
                                        context,
                                        step,
                                        slots,
                                        whole,
                                        pool,
                                        Alignment.FIRST,
                                        chunkInts))
                        .out(pool));
    }

    private void fill() {
        IntArray array = zeros(FILLED);
        table.add(
                "fill",
                "4 MiB",
                new Traffic().floor(4L * FILLED).runs(1, FILLED),
                KernelRun.of()
                        .in(array)
                        .task(
                                "fill",
                                TornadoKvKernels.fillGrid(),
                                graph -> graph.task("fill", TornadoKvKernels::fill, context, array, FILLED))
                        .out(array));
    }

    private static IntArray moves() {
        IntArray moves = new IntArray(1 + 2 * CHUNKS);
        moves.set(0, CHUNKS);
        for (int c = 0; c < CHUNKS; c++) {
            moves.set(1 + 2 * c, c);
            moves.set(2 + 2 * c, CHUNKS - 1 - c);
        }
        return moves;
    }

    private static int slotInts(int headDim, int refined) {
        return refined == 1 ? TornadoQuantization.refinedInts(headDim) : TornadoQuantization.prefixInts(headDim);
    }

    private String quantized(int refined) {
        return model.name() + " " + CHUNKS + (refined == 1 ? " int8 chunks" : " int4 chunks");
    }

    private void quantize(int refined) {
        int slotInts = slotInts(headDim, refined);
        IntArray chunks = zeros(Alignment.FIRST + CHUNKS * 2 * keysInts);
        IntArray slots = zeros(Alignment.FIRST + CHUNKS * slotInts);
        IntArray moves = moves();
        table.add(
                "quantize",
                quantized(refined),
                new Traffic()
                        .floor(4L * CHUNKS * (2 * keysInts + slotInts))
                        .runs(CHUNKS, 2L * keysInts)
                        .runs(CHUNKS, slotInts),
                KernelRun.of()
                        .in(moves, chunks)
                        .task(
                                "quantize",
                                TornadoQuantization.grid(CHUNKS),
                                graph -> graph.task(
                                        "quantize",
                                        TornadoQuantization::quantizeChunks,
                                        context,
                                        moves,
                                        chunks,
                                        slots,
                                        headDim,
                                        refined))
                        .out(slots));
    }

    private void dequantize(int refined) {
        int slotInts = slotInts(headDim, refined);
        IntArray chunks = zeros(Alignment.FIRST + CHUNKS * 2 * keysInts);
        IntArray slots = zeros(Alignment.FIRST + CHUNKS * slotInts);
        IntArray moves = moves();
        table.add(
                "dequantize",
                quantized(refined),
                new Traffic()
                        .floor(4L * CHUNKS * (2 * keysInts + slotInts))
                        .runs(CHUNKS, 2L * keysInts)
                        .runs((1L + refined) * CHUNKS, keysInts / 2, 4),
                KernelRun.of()
                        .in(moves, slots)
                        .task(
                                "dequantize",
                                TornadoQuantization.grid(CHUNKS),
                                graph -> graph.task(
                                        "dequantize",
                                        TornadoQuantization::dequantizeChunks,
                                        context,
                                        moves,
                                        slots,
                                        chunks,
                                        headDim,
                                        refined))
                        .out(chunks));
    }

    private static IntArray list(int count) {
        IntArray list = zeros(TornadoAbstracts.LIST_HEAD + count * TornadoAbstracts.LIST_INTS);
        list.set(0, count);
        return list;
    }

    private static void set(IntArray list, int entry, int... numbers) {
        for (int i = 0; i < numbers.length; i++) {
            list.set(TornadoAbstracts.LIST_HEAD + entry * TornadoAbstracts.LIST_INTS + i, numbers[i]);
        }
    }

    private void update() {
        int count = CHUNKS / 2;
        IntArray updates = list(count);
        for (int e = 0; e < count; e++) {
            set(updates, e, 2 * e, 2 * e + 1, e / 8, e % 8);
        }
        IntArray keys = zeros(Alignment.FIRST + CHUNKS * keysInts);
        IntArray abstracts = zeros(Alignment.FIRST + CHUNKS / TOKENS * TornadoAbstracts.groupInts(headDim));
        table.add(
                "update",
                model.name() + " " + CHUNKS + " chunks",
                new Traffic()
                        .floor(4L * CHUNKS * keysInts + 4L * CHUNKS * headDim)
                        .runs(CHUNKS, keysInts),
                KernelRun.of()
                        .in(updates, keys, abstracts)
                        .task(
                                "update",
                                TornadoAbstracts.updateGrid(count),
                                graph -> graph.task(
                                        "update",
                                        TornadoAbstracts::update,
                                        context,
                                        updates,
                                        keys,
                                        abstracts,
                                        Alignment.FIRST,
                                        headDim))
                        .out(abstracts));
    }

    private void encode() {
        IntArray list = list(GROUPS);
        for (int g = 0; g < GROUPS; g++) {
            set(list, g, g, GROUPS - 1 - g);
        }
        int groupInts = TornadoAbstracts.groupInts(headDim);
        int byteInts = TornadoAbstracts.byteGroupInts(headDim);
        IntArray abstracts = zeros(Alignment.FIRST + GROUPS * groupInts);
        IntArray bytes = zeros(Alignment.FIRST + GROUPS * byteInts);
        table.add(
                "encode",
                model.name() + " " + GROUPS + " groups",
                new Traffic().floor(4L * GROUPS * (groupInts + byteInts)).runs(GROUPS, groupInts, 2),
                KernelRun.of()
                        .in(list, abstracts, bytes)
                        .task(
                                "encode",
                                TornadoAbstracts.encodeGrid(GROUPS),
                                graph -> graph.task(
                                        "encode",
                                        TornadoAbstracts::encode,
                                        context,
                                        list,
                                        abstracts,
                                        bytes,
                                        Alignment.FIRST,
                                        headDim))
                        .out(bytes));
    }

    private void bounds(int precision, String name) {
        int lists = model.kvHeads();
        int group = model.group();
        IntArray list = list(lists);
        for (int l = 0; l < lists; l++) {
            set(list, l, l * GROUPS, GROUPS, 0, l);
        }
        boolean halves = precision == TornadoBounds.FP16;
        int ints = halves ? TornadoAbstracts.groupInts(headDim) : TornadoAbstracts.byteGroupInts(headDim);
        IntArray abstracts = zeros(Alignment.FIRST + lists * GROUPS * ints);
        FloatArray queries = Alignment.activations(1, model.heads() * headDim);
        queries.init(0);
        FloatArray bounds = Alignment.activations(lists * group, GROUPS * TOKENS);
        bounds.init(0);
        int taken = group <= 4 ? 4 : (group <= 8 ? 2 : 1);
        long groups = (long) lists * GROUPS;
        Traffic traffic = new Traffic()
                .floor(4L * groups * ints + 4L * model.heads() * headDim + 4L * groups * group * TOKENS)
                .runs(groups / taken, (long) group * headDim)
                .runs(groups / taken * group, (long) taken * TOKENS);
        if (halves) {
            traffic.runs(groups, ints);
        } else {
            traffic.requests(groups * headDim / 4 * 2, 2);
        }
        table.add(
                "bounds",
                model.name() + " " + name + ", " + GROUPS * TOKENS + " chunks a KV head",
                traffic,
                KernelRun.of()
                        .in(list, queries, abstracts, bounds)
                        .task(
                                "bounds",
                                TornadoBounds.grid(lists, group, GROUPS),
                                graph -> graph.task(
                                        "bounds",
                                        TornadoBounds::bounds,
                                        context,
                                        list,
                                        queries,
                                        abstracts,
                                        bounds,
                                        Alignment.FIRST,
                                        model.kvHeads(),
                                        group,
                                        headDim,
                                        GROUPS,
                                        TornadoBounds.UPPER,
                                        precision))
                        .out(bounds));
    }
}
