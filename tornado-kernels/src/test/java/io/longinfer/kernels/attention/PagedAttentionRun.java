package io.longinfer.kernels.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kernels.device.KernelRun;
import io.longinfer.kernels.device.StepLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device attention over a fixture, call by call with a running state as a session has it, and what comes out. */
final class PagedAttentionRun {
    static final int FIRST_RECORD = 2;
    private static final double TOLERANCE = 4e-6;

    final FloatArray softmax;
    final FloatArray accumulators;
    final FloatArray attended;
    final FloatArray record;
    private final PagedAttentionFixture f;
    private final FloatArray partialSoftmax;
    private final FloatArray partials;
    private final int splits;
    private IntArray keys;
    private IntArray values;
    private int format = PoolFormat.FP16;

    PagedAttentionRun(PagedAttentionFixture fixture, int splits) {
        f = fixture;
        this.splits = splits;
        int rowHeads = f.rows * f.heads;
        softmax = floats(2 * rowHeads);
        accumulators = floats(PagedAttentionFixture.FIRST + rowHeads * f.headDim);
        attended = floats(PagedAttentionFixture.FIRST + rowHeads * f.headDim);
        record = floats(2 * (FIRST_RECORD + f.slots()) * f.group);
        partialSoftmax = floats(2 * rowHeads * splits);
        partials = floats(PagedAttentionFixture.FIRST + rowHeads * splits * f.headDim);
        keys = f.keys;
        values = f.values;
    }

    private static FloatArray floats(int size) {
        FloatArray made = new FloatArray(size);
        made.init(Float.NaN);
        return made;
    }

    /** Attends a pool of quantised chunks from now on. */
    void quantized(IntArray pool, int format) {
        keys = pool;
        values = pool;
        this.format = format;
    }

    /** One call of decode and merge. */
    void decode(IntArray table, boolean fresh, int shuffles) {
        f.step.set(StepLayout.FRESH, fresh ? 1 : 0);
        f.step.set(StepLayout.RECORD, 1);
        f.step.set(StepLayout.FIRST_RECORD, FIRST_RECORD);
        int first = PagedAttentionFixture.FIRST;
        KernelRun.of()
                .in(f.step, table, f.windows, f.queries, keys, values, record, partialSoftmax, partials)
                .in(softmax, accumulators, attended)
                .task(
                        "decode",
                        TornadoDecodeAttention.grid(f.kvHeads, f.group, f.headDim, splits, f.rows + 1),
                        graph -> graph.task(
                                "decode",
                                TornadoDecodeAttention::decode,
                                new KernelContext(),
                                f.step,
                                table,
                                f.windows,
                                f.queries,
                                keys,
                                values,
                                partialSoftmax,
                                partials,
                                record,
                                first,
                                f.kvHeads,
                                f.group,
                                f.headDim,
                                splits,
                                format,
                                shuffles))
                .task(
                        "merge",
                        TornadoMergeAttention.grid(f.heads, f.rows + 1),
                        graph -> graph.task(
                                "merge",
                                TornadoMergeAttention::merge,
                                new KernelContext(),
                                f.step,
                                partialSoftmax,
                                partials,
                                softmax,
                                accumulators,
                                attended,
                                first,
                                f.heads,
                                f.headDim,
                                splits))
                .out(softmax, accumulators, attended, record)
                .run();
    }

    /** One call of prefill. */
    void prefill(IntArray table, IntArray tiles, boolean fresh) {
        f.step.set(StepLayout.FRESH, fresh ? 1 : 0);
        KernelRun.of()
                .in(f.step, table, tiles, f.windows, f.queries, keys, values, softmax, accumulators, attended)
                .task(
                        "prefill",
                        TornadoPrefillAttention.grid(f.kvHeads, f.headDim, tiles.getSize() / StepLayout.TILE_INTS + 1),
                        graph -> graph.task(
                                "prefill",
                                TornadoPrefillAttention::prefill,
                                new KernelContext(),
                                f.step,
                                table,
                                tiles,
                                f.windows,
                                f.queries,
                                keys,
                                values,
                                softmax,
                                accumulators,
                                attended,
                                PagedAttentionFixture.FIRST,
                                f.kvHeads,
                                f.group,
                                f.headDim))
                .out(softmax, accumulators, attended)
                .run();
    }

    /** Compares the state and what is attended with double precision. */
    void check(String what) {
        check(what, TOLERANCE);
    }

    void check(String what, double tolerance) {
        for (int row = 0; row < f.rows; row++) {
            for (int head = 0; head < f.heads; head++) {
                double[] expected = f.expected(row, head);
                int at = row * f.heads + head;
                String which = what + ", row " + row + ", head " + head;
                assertEquals(expected[0], softmax.get(2 * at), tolerance * 4, which + ", maximum");
                assertEquals(expected[1], softmax.get(2 * at + 1), tolerance * 4 * expected[1], which + ", sum");
                for (int j = 0; j < f.headDim; j++) {
                    int index = PagedAttentionFixture.FIRST + at * f.headDim + j;
                    double scaled = tolerance * (1 + Math.abs(expected[2 + j]));
                    assertEquals(expected[2 + j], attended.get(index), scaled, which + ", channel " + j);
                    double sum = accumulators.get(index) / (double) softmax.get(2 * at + 1);
                    assertEquals(expected[2 + j], sum, scaled, which + ", sum of channel " + j);
                }
            }
        }
    }

    /** Compares what each entry weighs with double precision. */
    void checkRecord(String what) {
        for (int row = 0; row < f.rows; row++) {
            for (int head = 0; head < f.heads; head++) {
                int list = f.segments[row] * f.kvHeads + head / f.group;
                for (int e = 0; e < f.entries(list); e++) {
                    double max = AttentionState.FLOOR;
                    double sum = 0;
                    for (double score : f.scores(row, head, e)) {
                        max = Math.max(max, score);
                    }
                    for (double score : f.scores(row, head, e)) {
                        sum += Math.exp(score - max);
                    }
                    int at = 2 * ((FIRST_RECORD + f.firstEntry(list) + e) * f.group + head % f.group);
                    String which = what + ", entry " + e + " of list " + list + ", head " + head;
                    assertEquals(max, record.get(at), 1e-5 * Math.max(1, Math.abs(max)), which);
                    assertEquals(sum, record.get(at + 1), 1e-4, which);
                }
            }
        }
    }

    /** Asserts that a row here is bit for bit a row there. */
    void assertSameRow(int row, PagedAttentionRun other, int otherRow, String what) {
        for (int i = 0; i < f.heads * f.headDim; i++) {
            int at = PagedAttentionFixture.FIRST + i;
            float mine = attended.get(at + row * f.heads * f.headDim);
            float others = other.attended.get(at + otherRow * f.heads * f.headDim);
            assertEquals(mine, others, what);
        }
        for (int i = 0; i < 2 * f.heads; i++) {
            assertEquals(softmax.get(2 * row * f.heads + i), other.softmax.get(2 * otherRow * f.heads + i), what);
        }
    }
}
